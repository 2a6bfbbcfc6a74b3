import { findToken, parseAuthTokens } from '@flexaction/gateway/access/auth-tokens'
import { parseAuthorization } from '@flexaction/gateway/access/authorization-header'
import { waitFor } from '@flexaction/gateway/messages/prefer'
import { createHash } from 'node:crypto'
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
  const hashed = createHash('sha256').update('the-token-of-cleo').digest('hex')
  const tokens = parseAuthTokens(
    `ann:viewer:the-token:of-ann, bob:admin:the-token-of-bob expires=2030-01-01 groups=a+b\n# comment\ncleo:operator:sha256:${hashed}`,
  )
  const find = (token: string, now: string): unknown => {
    const found = findToken(tokens, token, Date.parse(now))
    return found && [found.name, found.role, found.groups]
  }
  expect(find('the-token:of-ann', '2026-01-01')).toEqual(['ann', 'viewer', []])
  expect(find('the-token-of-bob', '2026-01-01')).toEqual(['bob', 'admin', ['a', 'b']])
  expect(find('the-token-of-bob', '2030-01-01')).toBeUndefined()
  expect(find('the-token-of-cleo', '2026-01-01')).toEqual(['cleo', 'operator', []])
  expect(find(hashed, '2026-01-01')).toBeUndefined()
  expect(find('the-token-of-dora', '2026-01-01')).toBeUndefined()
})

it.each([
  ['ann:viewer', 'must consist of name:role:token entries; entry 1 does not'],
  ['ann:boss:the-token-of-ann', 'unknown role'],
  ['ann:viewer:short', 'too short: at least 16 characters'],
  ['ann:viewer:the-token;of-ann', 'no header can carry'],
  ['ann:viewer:the-tökën-of-ann-x', 'no header can carry'],
  ['ann:viewer:the token of ann', 'tokens hold no blanks'],
  ['ann:viewer:<a-long-random-token>', 'the text of an example'],
  ['ann:viewer:sha256:abc', '64 hexadecimal digits'],
  ['ann:viewer:the-token-of-ann expires=soon', 'neither expires=<date>'],
  ['ann:viewer:the-token-of-ann,bob:admin:the-token-of-ann', "one token to two names, 'ann' and 'bob'"],
  [`${'n'.repeat(101)}:viewer:the-token-of-ann`, 'longer than 100 characters'],
])('refuses at start what can never work or is unsafe: %s', (text, why) => {
  let message = ''
  try {
    parseAuthTokens(text)
  } catch (error) {
    message = (error as Error).message
  }
  expect(message).toContain(why)
  expect(message).not.toMatch(/the.token.of/)
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
