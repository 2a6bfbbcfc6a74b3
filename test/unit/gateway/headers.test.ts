import { findCaller, parseAuthTokens } from '@flexaction/gateway/access/auth-tokens'
import { parseAuthorization } from '@flexaction/gateway/access/authorization-header'
import { waitFor } from '@flexaction/gateway/messages/prefer'
import { expect, it } from 'vitest'

it.each([
  ['Token abc', 'token', 'abc'],
  ['projecttoken abc', 'projecttoken', 'abc'],
  ['Bearer abc', 'bearer', 'abc'],
  ['Token abc;project_child=xyz', 'token', 'abc'],
  ['ProjectToken b,JWT a', 'jwt', 'a'],
  ['ProjectToken b, Token a', 'projecttoken', 'b'],
])('reads the Authorization header %s', (header, scheme, value) => {
  expect(parseAuthorization(header)).toEqual({ scheme, value })
})

it.each(['', 'abc', 'Token', 'Digest abc'])('finds no credential in the Authorization header "%s"', (header) => {
  expect(parseAuthorization(header)).toBeUndefined()
})

it('knows callers by their token, which may hold colons', () => {
  const tokens = parseAuthTokens('ann:viewer:t:1, bob:admin:t2')
  expect(findCaller(tokens, 't:1')).toEqual({ name: 'ann', role: 'viewer' })
  expect(findCaller(tokens, 't2')).toEqual({ name: 'bob', role: 'admin' })
  expect(findCaller(tokens, 't3')).toBeUndefined()
})

it.each([
  ['', 5_000, undefined],
  ['wait=2', 2_000, 'wait=2'],
  ['wait=100', 30_000, 'wait=30'],
  ['respond-async', 0, 'respond-async'],
  ['respond-async, wait=1', 1_000, 'wait=1'],
  ['wait=soon, handling=lenient', 5_000, undefined],
])('reads Prefer: %s', (prefer, ms, applied) => {
  expect(waitFor(prefer, 5_000, 30_000)).toEqual({ ms, applied })
})
