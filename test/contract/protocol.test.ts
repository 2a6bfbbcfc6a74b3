import { answered, differences, exchange, readCases, usualHeaders } from '@flexaction/conformance'
import { existsSync, readFileSync } from 'node:fs'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { System, TOKENS } from '../harness/system.js'
import { contractActions, contractCollections, contractMessages } from './actions.js'

let system: System

beforeAll(async () => {
  system = await System.start({
    actions: contractActions,
    collections: contractCollections,
    messages: contractMessages,
    shared: true,
    env: { MAX_BODY_MB: '1', MAX_IDS: '5', WAIT_MAX: '3s', ASK_WITHIN: '1s' },
  })
})

afterAll(() => system.stop())

describe.each(readCases())('$file', ({ cases }) => {
  it.each(cases)('$name', async (one) => {
    const received = await exchange(one.request, { apiUrl: `${system.url}/api`, token: TOKENS.admin })
    const whole = { ...one.answer, headers: { ...usualHeaders(one), ...one.answer.headers } }
    expect(differences(whole, answered(received), 'answer')).toEqual([])
  })
})

it('refuses a body over the limit, with and without a length said before', async () => {
  const body = JSON.stringify({ name: 'echo', params: { ids: 'x'.repeat(1_100_000) } })
  const refusal = { detail: 'The request is larger than 1 MB: select fewer records at a time' }
  const options = {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Token ${TOKENS.admin}` },
  }
  const whole = await fetch(`${system.url}/api/messages/`, { ...options, body })
  expect([whole.status, await whole.json()]).toEqual([413, refusal])
  const stream = new Blob([body]).stream()
  const chunked = await fetch(`${system.url}/api/messages/`, {
    ...options,
    body: stream,
    duplex: 'half',
  } as RequestInit)
  expect([chunked.status, await chunked.json()]).toEqual([413, refusal])
})

describe('bytes that are no UTF-8 are refused, and said where', () => {
  const post = async (body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<unknown[]> => {
    const answer = await fetch(`${system.url}/api/messages/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Token ${TOKENS.admin}`, ...headers },
      body,
    })
    return [answer.status, await answer.json()]
  }
  const message = (...bytes: number[]): Uint8Array<ArrayBuffer> =>
    Buffer.concat([Buffer.from('{"name":"ping","params":{"a":"'), Buffer.from(bytes), Buffer.from('"}}')])
  const refusal = (place: string): unknown[] => [
    400,
    { non_field_errors: [`Incorrect body: it must be UTF-8, received other bytes from position ${place}`] },
  ]

  it.each<[string, number[], string]>([
    ['Latin-1', [0xfc], '31 on: fc 22 7d 7d'],
    ['a character cut short', [0x67, 0xc3], '32 on: c3 22 7d 7d'],
    ['a longer one cut short', [0xf0, 0x9f, 0x98], '31 on: f0 9f 98 22 7d 7d'],
    ['an overlong one', [0xc0, 0x80], '31 on: c0 80 22 7d 7d'],
    ['half a pair of UTF-16', [0xed, 0xa0, 0x80], '31 on: ed a0 80 22 7d 7d'],
    ['after a replacement character that is meant', [0xef, 0xbf, 0xbd, 0xff], '34 on: ff 22 7d 7d'],
    ['far behind', Array.from({ length: 70_000 }, () => 0x61).concat(0xff), '70031 on: ff 22 7d 7d'],
    // The steps in which it is looked for end at 65,536.
    [
      'over the edge of a step',
      Array.from({ length: 65_505 }, () => 0x61).concat(0xe2, 0x82),
      '65536 on: e2 82 22 7d 7d',
    ],
  ])('%s', async (_, bytes, place) => {
    expect(await post(message(...bytes))).toEqual(refusal(place))
  })

  it('compressed, and UTF-16', async () => {
    expect(await post(gzipSync(message(0xfc)), { 'content-encoding': 'gzip' })).toEqual(refusal('31 on: fc 22 7d 7d'))
    expect(await post(Buffer.from('\ufeff{}', 'utf16le'))).toEqual(refusal('1 on: ff fe 7b 00 7d 00'))
  })

  it('what is UTF-8 arrives as it is, a mark of the byte order aside', async () => {
    const [status, body] = await post(Buffer.from('\ufeff{"name":"ping","params":{"a":"grün 😀 �"}}'))
    expect([status, body]).toEqual([200, { params: { a: 'grün 😀 �' }, by: 'admin' }])
  })
})

it('answers 304 to a poller that knows the run already', async () => {
  const run = await system.send('execute_action', { name: 'echo', id: 1 })
  for (const path of [
    '/api/runs',
    `/api/runs/${run.headers.get('x-run-id')}`,
    `/api/runs/${run.headers.get('x-run-id')}/items`,
  ]) {
    const first = await system.get(path)
    const again = await system.get(path, { 'if-none-match': first.headers.get('etag') ?? '' })
    expect([path, first.status, again.status, await again.text()]).toEqual([path, 200, 304, ''])
  }
})

describe('a compressed body', () => {
  const post = (encoding: string, body: Uint8Array<ArrayBuffer>): Promise<Response> =>
    fetch(`${system.url}/api/messages/`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-encoding': encoding,
        authorization: `Token ${TOKENS.admin}`,
      },
      body,
    })
  const message = JSON.stringify({ name: 'execute_action', params: { name: 'refresh_users_status' } })

  it.each([
    ['gzip', gzipSync(message)],
    ['br', brotliCompressSync(message)],
  ])('in %s is read', async (encoding, body) => {
    const answer = await post(encoding, body)
    expect([answer.status, await answer.json()]).toEqual([201, { of: 'common' }])
  })

  it.each([
    ['gzip', Buffer.from(message)],
    ['gzip', gzipSync(message).subarray(0, -10)],
    ['br', Buffer.from(message)],
    ['br', brotliCompressSync(message).subarray(0, -10)],
  ])('in %s that is broken is the caller’s fault', async (encoding, body) => {
    const answer = await post(encoding, body)
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { non_field_errors: [expect.stringMatching(/^Incorrect JSON body: /)] },
    ])
  })

  it('is measured as it is once read', async () => {
    const answer = await post('gzip', gzipSync(message.padEnd(1_000_001)))
    expect(answer.status).toBe(413)
  })
})

it('keeps the tags of operators and viewers apart: they see different texts', async () => {
  const run = await system.send('execute_action', { name: 'fussy', ids: [3, 4] })
  const viewer = { authorization: `Token ${TOKENS.viewer}` }
  for (const part of ['', '/items']) {
    const path = `/api/runs/${run.headers.get('x-run-id')}${part}`
    const tag = (await system.get(path)).headers.get('etag') ?? ''
    const asViewer = await system.get(path, { ...viewer, 'if-none-match': tag })
    expect([path, asViewer.status, await asViewer.text()]).toEqual([
      path,
      200,
      expect.not.stringContaining('secret detail'),
    ])
    const weak = await system.get(path, { 'if-none-match': `"other", W/${tag}` })
    expect([weak.status, weak.headers.get('etag'), await weak.text()]).toEqual([304, tag, ''])
  }
})

it('shows operators what went wrong unexpectedly, and viewers a safe text', async () => {
  const run = await system.send('execute_action', { name: 'fussy', ids: [3, 4] })
  const path = `/api/runs/${run.headers.get('x-run-id')}/items?state=failed`
  const asViewer = await (await system.get(path, { authorization: `Token ${TOKENS.viewer}` })).json()
  const asOperator = await (await system.get(path, { authorization: `Token ${TOKENS.operator}` })).json()
  expect(asViewer).toMatchObject({ items: [{ id: 3, message: 'The action failed unexpectedly' }] })
  expect(asOperator).toMatchObject({ items: [{ id: 3, message: 'secret detail' }] })
})

it('lets pages of the origins that CORS_ORIGINS names call, and no others', async () => {
  const env = { CORS_ORIGINS: 'https://app.example.com,https://other.example.com' }
  await using strict = await System.start({ actions: contractActions, env })
  const ask = async (origin: string, method: string, token: string): Promise<unknown[]> => {
    const preflight = method === 'OPTIONS' && { 'access-control-request-method': 'POST' }
    const headers = { origin, authorization: `Token ${token}`, 'content-type': 'application/json', ...preflight }
    const body = method === 'POST' ? '{"name":"unknown_name"}' : null
    const answer = await fetch(`${strict.url}/api/messages/`, { method, headers, body })
    const { status, headers: received } = answer
    await answer.arrayBuffer()
    return [status, received.get('access-control-allow-origin'), received.get('vary')]
  }

  for (const origin of ['https://app.example.com', 'https://other.example.com']) {
    expect(await ask(origin, 'OPTIONS', '')).toEqual([204, origin, 'Origin'])
    expect(await ask(origin, 'POST', TOKENS.admin)).toEqual([200, origin, 'Origin'])
    expect(await ask(origin, 'POST', 'wrong')).toEqual([403, origin, 'Origin'])
  }
  for (const origin of ['https://evil.example.com', 'https://app.example.com.evil.example', 'null']) {
    expect(await ask(origin, 'OPTIONS', '')).toEqual([204, null, 'Origin'])
    expect(await ask(origin, 'POST', 'wrong')).toEqual([403, null, 'Origin'])
  }
})

it('has every case that the coverage list names, and no file is left out of it', () => {
  const list = readFileSync(new URL('../../packages/conformance/README.md', import.meta.url), 'utf8')
  const named = [...list.matchAll(/^\|[^|`]*\|(.*)\|$/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  )
  const names = readCases().flatMap(({ cases }) => cases.map(({ name }) => name))

  expect(named.length).toBeGreaterThan(200)
  expect(named.filter((name) => !names.includes(name ?? ''))).toEqual([])
  expect(new Set(names).size).toBe(names.length)
  for (const { cases } of readCases()) expect(cases.some(({ name }) => named.includes(name))).toBe(true)
  const paths = [...list.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path)
  expect(paths.filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url)))).toEqual([])
})
