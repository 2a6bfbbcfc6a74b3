import { common, defineAction, defineMessage, field, records } from '@flexaction/shared'
import { connect as connectTcp } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { System, TOKENS } from '../harness/system.js'
import { until } from '../harness/until.js'

let system: System
let called = 0

beforeAll(async () => {
  const many = Array.from({ length: 100 }, (_, at) =>
    defineAction({ name: `action_${at}`, target: common(), run: () => undefined }),
  )
  const mail = defineAction({
    name: 'mail',
    target: records('users', { bulk: true }),
    params: { subject: field.char() },
    run: () => void called++,
  })
  const echo = defineMessage({ name: 'echo', handle: (params) => params })
  system = await System.start({ actions: [...many, mail], messages: [echo], shared: true })
})
afterAll(() => system.stop())

const PLAIN = { 'content-type': 'application/json' }
const GZIP = { ...PLAIN, 'content-encoding': 'gzip' }

/** Sends a body; tells what is answered, and how long this process, the gateway and we, computed for it. */
async function post(
  role: keyof typeof TOKENS,
  text: string | Buffer,
  headers: Record<string, string> = PLAIN,
): Promise<{ status: number; text: string; computedMs: number }> {
  const body = new Uint8Array(Buffer.from(text))
  const before = process.cpuUsage()
  const answer = await fetch(`${system.url}/api/messages/`, {
    method: 'POST',
    headers: { authorization: `Token ${TOKENS[role]}`, ...headers },
    body,
  })
  const answered = await answer.text()
  const { user, system: inSystem } = process.cpuUsage(before)
  return { status: answer.status, text: answered, computedMs: (user + inSystem) / 1_000 }
}

const execute = (params: unknown): string => JSON.stringify({ name: 'execute_action', params })
const MB = 1_000_000
const longName = 'x'.repeat(4 * MB)
const manyFields = Object.fromEntries(Array.from({ length: 300_000 }, (_, at) => [`field_${at}`, 1]))

const someFields = Object.fromEntries(Object.entries(manyFields).slice(0, 5_000))

it.each([
  ['viewer', 'a name of 4 MB in 4 kB', gzipSync(execute({ name: longName })), GZIP, 413],
  ['operator', 'a name of 4 MB in 4 kB', gzipSync(execute({ name: longName })), GZIP, 413],
  ['operator', 'a name of 4 MB', execute({ name: longName }), PLAIN, 400],
  ['operator', 'a message whose name has 4 MB', JSON.stringify({ name: longName }), PLAIN, 400],
  ['operator', 'a name of 101 characters', execute({ name: 'x'.repeat(101) }), PLAIN, 400],
  ['viewer', '60 MB of empty lists', `[${'[],'.repeat(20 * MB)}[]]`, PLAIN, 413],
  ['operator', '60 MB of empty lists', `[${'[],'.repeat(20 * MB)}[]]`, PLAIN, 400],
  [
    'operator',
    '60 MB of empty lists, in a text',
    execute({ name: 'mail', params: `[${'[],'.repeat(MB)}[]]` }),
    PLAIN,
    400,
  ],
  ['operator', '20 MB of numbers', `[${'0,'.repeat(10 * MB)}0]`, PLAIN, 400],
  ['operator', 'a million levels', `${'['.repeat(MB)}${']'.repeat(MB)}`, PLAIN, 400],
  ['operator', '300,000 unknown fields', execute({ name: 'mail', ids: [1], params: manyFields }), PLAIN, 400],
  ['operator', '5,000 unknown fields', execute({ name: 'mail', ids: [1], params: someFields }), PLAIN, 400],
  [
    'operator',
    'a field of 2 MB',
    execute({ name: 'mail', ids: [1], params: { subject: 'x'.repeat(2 * MB) } }),
    PLAIN,
    400,
  ],
  [
    'operator',
    'a field with a long name',
    execute({ name: 'mail', ids: [1], params: { ['x'.repeat(101)]: 1 } }),
    PLAIN,
    400,
  ],
  ['viewer', 'a message of 90 kB', JSON.stringify({ name: 'nobody', params: { at: 'x'.repeat(90_000) } }), PLAIN, 200],
] as const)('%s: %s', { timeout: 60_000 }, async (role, _, body, headers, status) => {
  const answer = await post(role, body, headers)
  expect([answer.status, answer.text.slice(0, 200)]).toEqual([status, expect.anything()])
  expect(answer.text.length).toBeLessThan(1_000)
  // Without bounds it was 9 to 22 s; sending 60 MB takes a second by itself.
  expect(answer.computedMs).toBeLessThan(4_000)
  expect(called).toBe(0)
})

it('quotes little of what was sent, and logs little of it', async () => {
  const token = { authorization: `Token ${TOKENS.admin}` }
  const long = 'y'.repeat(5_000)
  const answers = await Promise.all([
    fetch(`${system.url}/api/${long}`, { headers: token }),
    fetch(`${system.url}/api/runs/${long}`, { headers: token }),
    fetch(`${system.url}/api/runs?state=${long}`, { headers: token }),
    fetch(`${system.url}/api/runs?cursor=${long}`, { headers: token }),
    fetch(`${system.url}/api/collections/${long}/records`, { headers: token }),
    fetch(`${system.url}/api/messages/`, {
      method: 'POST',
      headers: { ...token, 'content-type': `text/${long}` },
      body: 'x',
    }),
    system.send('get_field_options', { action: 'mail', field: long }),
  ])
  for (const answer of answers) {
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect((await answer.text()).match(/y+/)?.[0].length ?? 0).toBeLessThanOrEqual(200)
  }
  for (const line of system.logLines) expect(JSON.stringify(line)).not.toContain('y'.repeat(201))
})

it('still takes a million ids', { timeout: 60_000 }, async () => {
  const ids = Array.from({ length: 1_000_000 }, (_, at) => at)
  const answer = await fetch(`${system.url}/api/messages/`, {
    method: 'POST',
    headers: { ...PLAIN, authorization: `Token ${TOKENS.operator}`, prefer: 'respond-async' },
    body: execute({ name: 'mail', ids, params: { subject: 'x' } }),
  })
  expect(answer.status).toBe(202)
  await system.runIn(['succeeded'], answer.headers.get('x-run-id') ?? '', 50_000)
  called = 0
})

it('holds no more bytes of a caller, and of all, than it is told', async () => {
  await using other = await System.start({
    actions: [],
    messages: [defineMessage({ name: 'echo', handle: () => undefined })],
    env: { MAX_BODY_MB: '2', MAX_BODIES_MB: '5', MAX_BODIES_PER_CALLER_MB: '3' },
  })
  const { port } = other.gateway
  const statuses: string[] = []
  /** A body of which 1.4 MB come, and the rest not. */
  const begin = (role: 'operator' | 'admin') => {
    const socket = connectTcp(port, '127.0.0.1')
    socket.on('data', (chunk) => statuses.push(`${role} ${/^HTTP\/1.1 (\d+)/.exec(String(chunk))?.[1]}`))
    socket.on('error', () => undefined)
    socket.write(
      `POST /api/messages/ HTTP/1.1\r\nHost: x\r\nAuthorization: Token ${TOKENS[role]}\r\nContent-Type: application/json\r\nContent-Length: 1900000\r\n\r\n`,
    )
    socket.write(`{"name":"echo","params":"${'x'.repeat(1_400_000)}`)
    return socket
  }
  const sockets = [begin('operator'), begin('operator'), begin('operator')]
  await until('the third of one caller to be refused', () => statuses.includes('operator 429'))
  sockets.push(begin('admin'), begin('admin'))
  await until('the gateway to be full', () => statuses.includes('admin 503'))
  for (const socket of sockets) socket.destroy()
  await until('room again', async () => (await other.send('echo', { at: 'x'.repeat(1_500_000 / 2) })).status === 200)
})

it('opens only so many streams of events for one caller', async () => {
  await using other = await System.start({
    actions: [
      defineAction({
        name: 'wait',
        target: common(),
        run: ({ ctx }) => new Promise((_, no) => ctx.signal.addEventListener('abort', no)),
      }),
    ],
    env: { MAX_STREAMS: '2' },
  })
  const run = await other.begin({ name: 'wait' })
  const open = async () => {
    const ending = new AbortController()
    const answer = await fetch(`${other.url}/api/runs/${run}/events`, {
      headers: { authorization: `Token ${TOKENS.viewer}` },
      signal: ending.signal,
    })
    return { status: answer.status, close: () => ending.abort() }
  }
  const [first, second, third] = [await open(), await open(), await open()]
  expect([first.status, second.status, third.status]).toEqual([200, 200, 429])
  first.close()
  const again = await until('one to be closed', async () => {
    const next = await open()
    return next.status === 200 && next
  })
  for (const one of [second, again]) one.close()
  await other.steer(run, 'cancel')
})
