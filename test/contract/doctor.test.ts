import { examine, type Finding } from '@flexaction/cli/doctor/examine'
import type { Execution } from '@flexaction/cli/doctor/execution'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { System, TOKENS } from '../harness/system.js'
import { contractActions } from './actions.js'

const BIN = fileURLToPath(new URL('../../apps/cli/bin/flexaction.mjs', import.meta.url))
let system: System

beforeAll(async () => {
  // Without a token it sends some that are not known: over all of these tests, more than one address may.
  system = await System.start({ actions: contractActions, shared: true, env: { MAX_WRONG_TOKENS: '1000' } })
})
afterAll(() => system.stop())

async function findings(url: string, more: { token?: string; execute?: Execution } = {}): Promise<Finding[]> {
  const found: Finding[] = []
  const options = { token: undefined, execute: undefined, answerWithinMs: 5_000, ...more }
  for await (const finding of examine({ url: new URL(url), ...options })) found.push(finding)
  return found
}

/** The doctor as a person calls it. */
async function doctor(...args: string[]): Promise<{ code: number; output: string }> {
  const env = { ...process.env, NO_COLOR: '1' }
  return promisify(execFile)(process.execPath, [BIN, 'doctor', ...args], { env }).then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      output: error.stdout + error.stderr,
    }),
  )
}

/** A server of a test's own, and the messages that it got. */
async function serve(answer: (request: IncomingMessage, body: string, response: ServerResponse) => void) {
  const names: string[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = Buffer.concat(parts).toString()
      names.push(...(/"name":"([^"]*)"/.exec(body) ?? []).slice(1))
      answer(request, body, response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/messages/`,
    names,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

it('finds nothing wrong with our own gateway, from any address above the messages', async () => {
  for (const path of ['', '/api', '/api/messages', '/jet/api/messages/?a=b']) {
    const found = await findings(system.url + path, { token: TOKENS.admin })
    expect(found.filter(({ outcome }) => outcome !== 'passed')).toEqual([])
    expect(found.length).toBeGreaterThan(15)
  }
})

it('prints what it finds, never the token, and exits accordingly', async () => {
  const good = await doctor(`${system.url}/api/messages/`, '--token', TOKENS.admin)
  expect(good.code).toBe(0)
  expect(good.output).toMatch(/^✓ connects to http/)
  expect(good.output).toMatch(/\n\d+ passed, 0 failed, 0 noted, 0 skipped\n$/)

  const wrong = await doctor(`${system.url}/api/messages/`, '--token', 'a-wrong-token')
  expect(wrong.code).toBe(1)
  expect(wrong.output).not.toContain('a-wrong-token')
  expect(wrong.output).toContain('Fix: ')

  const none = await doctor('http://127.0.0.1:9999/')
  expect(none).toEqual({
    code: 1,
    output:
      '✗ connects to http://127.0.0.1:9999/api\n' +
      '    127.0.0.1:9999: nothing listens there\n' +
      '    Fix: Start the server, and check the port; inside containers it must listen on 0.0.0.0.\n' +
      '\n0 passed, 1 failed, 0 noted, 0 skipped\n',
  })
})

it('says how it is called when it was called the wrong way', async () => {
  for (const [args, text] of [
    [['actions.example.com'], 'give a whole address, such as https://actions.example.com/api/messages/'],
    [[], "error: missing required argument 'url'"],
    [[system.url, '--ids', '5'], 'error: --ids says what --execute is for: give both'],
    [[system.url, '--tokn', 'x'], "error: unknown option '--tokn'"],
  ] as const) {
    const usage = await doctor(...args)
    expect(usage).toEqual({ code: 2, output: expect.stringContaining(text) as string })
  }
  expect((await doctor('--help')).code).toBe(0)
})

it('skips what needs a token when there is none, and reads one from the environment', async () => {
  const without = await doctor(system.url, '--json')
  const found = JSON.parse(without.output) as Finding[]
  expect(without.code).toBe(0)
  expect(found.filter(({ outcome }) => outcome === 'passed').map(({ name }) => name)).toEqual([
    `connects to ${system.url}/api`,
    'version without authentication',
    'preflight without authentication',
    'CORS on a refusal',
    'X-HTTP-Method-Override opens no door',
    'an unknown token',
    'none',
  ])
  expect(found.filter(({ outcome }) => outcome !== 'passed').map(({ outcome, seen }) => [outcome, seen])).toEqual(
    Array.from({ length: found.length - 7 }, () => ['skipped', ['needs a token: give --token']]),
  )

  vi.stubEnv('FLEXACTION_TOKEN', TOKENS.viewer)
  try {
    expect(await doctor(system.url)).toEqual({
      code: 0,
      output: expect.stringMatching(/\n\d+ passed, 0 failed, 0 noted, 0 skipped\n$/) as string,
    })
  } finally {
    vi.unstubAllEnvs()
  }
})

it('executes the action that it is told to, as Jet Admin would, and only that', async () => {
  const runs = async (): Promise<unknown[]> =>
    ((await (await system.get('/api/runs?limit=1000')).json()) as { runs: unknown[] }).runs
  const before = (await runs()).length
  const of = async (action: string, ids?: string): Promise<Finding | undefined> =>
    (await findings(system.url, { token: TOKENS.admin, execute: { action, ids } })).at(-1)

  expect(await of('account_transfer')).toEqual({
    name: "executes 'account_transfer'",
    outcome: 'failed',
    seen: ['400 {"amount":["this field is required"]}'],
    fix: 'Read the answer above: it is what the person in Jet Admin would see.',
  })
  expect(await of('mail_usres')).toMatchObject({
    outcome: 'failed',
    seen: ["the server lists no action 'mail_usres'"],
    fix: expect.stringMatching(/^Give one that it lists: mail_users, /) as string,
  })
  expect(await of('echo')).toMatchObject({ seen: ["'echo' is for selected records"], fix: 'Name some: --ids 5,6' })
  expect(await of('later', '5')).toMatchObject({ seen: ["'later' takes no records"], fix: 'Leave --ids out.' })
  expect((await runs()).length).toBe(before)

  expect(await of('echo', '5')).toMatchObject({ outcome: 'passed', seen: ['201 {"id":"5"}'] })
  // Of a name that stands for both, the common one: it changes least.
  expect(await of('refresh_users_status')).toMatchObject({ outcome: 'passed', seen: ['201 {"of":"common"}'] })
  expect(await of('tag', 'a, b')).toMatchObject({ outcome: 'passed', seen: ['201 {"result":true}'] })
  expect(await of('later')).toMatchObject({ outcome: 'passed', seen: [expect.stringMatching(/^202 /)] })
  expect((await runs()).length).toBe(before + 4)
})

it('executes nothing unless it is told to', async () => {
  const list = [{ name: 'mail_users', common_action: {} }]
  await using server = await serve((_, __, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(list))
  })

  await findings(server.url, { token: 'some-token' })
  expect(server.names).not.toContain('execute_action')
  await findings(server.url, { token: 'some-token', execute: { action: 'mail_users', ids: undefined } })
  expect(server.names.filter((name) => name === 'execute_action').length).toBe(1)
})

it('says of a server that is wrong in many ways what each fix would be', async () => {
  await using server = await serve((request, body, response) => {
    const refused = request.headers.authorization === undefined && request.method !== 'GET'
    response.statusCode = refused ? 401 : 200
    response.setHeader('content-type', 'application/json')
    const list = [
      { name: 'a', model_action: { model: 'users' }, params: [{ name: 'x', field: 'ForeignKey' }] },
      { name: 'a', model_action: { model: 'users' } },
      { name: 'b' },
    ]
    response.end(!refused && body.includes('get_action_list') ? JSON.stringify(list) : '{"detail":"…"}')
  })

  const found = await findings(server.url, { token: 'some-token' })
  const failed = new Map(found.filter(({ outcome }) => outcome === 'failed').map(({ name, ...rest }) => [name, rest]))

  expect([...failed.keys()]).toEqual([
    'version without authentication',
    'preflight without authentication',
    'CORS on a refusal',
    'another content type',
    'CORS on a wrong message',
    'CORS on a message that nobody handles',
    'no name',
    'an empty name',
    'no JSON',
    'params that are a number',
    'params that are a text without JSON',
    'an unknown token',
    'none',
    'lists its actions',
  ])
  expect(failed.get('CORS on a refusal')).toEqual({
    outcome: 'failed',
    seen: ['answer.headers.access-control-allow-origin: expected "<the origin, or *>", received nothing'],
    fix: 'Send the Access-Control headers with refusals too, or the browser hides them from Jet Admin.',
  })
  expect(failed.get('preflight without authentication')?.fix).toBe(
    'Answer OPTIONS with 204 and the Access-Control headers, without asking for a token: browsers send none with it.',
  )
  expect(failed.get('none')).toEqual({
    outcome: 'failed',
    seen: ['answer.status: expected 403, received 401'],
    fix: 'Refuse requests without a token with 403 {"detail": …}, not 401.',
  })
  expect(failed.get('lists its actions')?.seen).toEqual([
    'entry 1 (a): field "x": params.related_model must be { "model": … }, received nothing',
    'entry 2 (a): the same action as entry 1',
    'entry 3 (b): exactly one of model_action and common_action is needed',
  ])
})

it('finds everything wrong with what is no such server', async () => {
  await using server = await serve((_, __, response) => {
    response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not Found</h1>')
  })

  const found = await findings(server.url, { token: 'some-token' })

  expect(found.filter(({ outcome }) => outcome !== 'failed').map(({ name }) => name)).toEqual([
    `connects to ${server.url.slice(0, -'/messages/'.length)}`,
  ])
  expect(found.filter(({ fix }) => !fix).length).toBe(1)
})

it('finds nothing wrong with a server that answers as Jet Bridge does, but for what it is known to do', async () => {
  await using server = await serve((request, body, response) => {
    const {
      authorization = '',
      origin = '*',
      'x-http-method-override': override,
      'content-type': type = '',
    } = request.headers
    const answer = (status: number, content: unknown): void => {
      response.writeHead(status, {
        'content-type': 'text/html; charset=UTF-8',
        'access-control-allow-origin': origin,
        'access-control-allow-headers': 'Authorization,Content-Type',
      })
      response.end(content === '' ? '' : JSON.stringify(content))
    }
    if (request.method === 'OPTIONS') return answer(204, '')
    if (request.method === 'GET')
      return answer(200, { version: '1.13.1', type: 'jet_bridge', media_url_template: '/media/{}' })
    const passes = /^(Token|ProjectToken) some-token(;|$)/.test(authorization) || override === 'OPTIONS'
    if (!passes) return answer(403, { detail: 'Permission denied' })
    const isForm = type.startsWith('application/x-www-form-urlencoded')
    if (!isForm && !/^application\/json/i.test(type)) return answer(415, { detail: 'Unsupported media type' })
    let message: { name?: unknown; params?: unknown }
    try {
      message = isForm ? Object.fromEntries(new URLSearchParams(body)) : (JSON.parse(body) as object)
    } catch {
      return answer(400, { non_field_errors: ['Incorrect JSON body: Expecting value'] })
    }
    if (!message.name) return answer(400, { name: ['this field is required'] })
    if (typeof message.params === 'number' || message.params === 'x')
      return answer(400, { params: ['must be an object'] })
    if (message.name === 'get_action_list') return answer(200, [{ name: 'do', common_action: {} }])
    // 200 in place of 201, and nothing at all where there is nothing to say.
    return answer(200, message.name === 'execute_action' ? { result: true } : '')
  })

  const found = await findings(server.url, { token: 'some-token', execute: { action: 'do', ids: undefined } })

  expect(found.filter(({ outcome }) => outcome !== 'passed')).toEqual([
    {
      name: 'X-HTTP-Method-Override opens no door',
      outcome: 'note',
      seen: ['Jet Bridge reads the header before it checks permissions: anybody passes without a token.'],
    },
    {
      name: 'a lower-case scheme, with a parameter',
      outcome: 'note',
      seen: ['Jet Bridge compares the scheme case-sensitively.'],
    },
  ])
  expect(found.at(-1)).toEqual({ name: "executes 'do'", outcome: 'passed', seen: ['200 {"result":true}'] })
})

it('lets no server show the token, and goes on when one stops answering', async () => {
  await using server = await serve((request, body, response) => {
    if (request.method === 'GET') {
      response.end('{"version":"1"}')
      return
    }
    // Only the list never comes.
    if (body.includes('"get_action_list"') && request.headers.origin === undefined && !body.includes('"params":'))
      return
    response.writeHead(500, { 'content-type': 'text/plain' }).end(`seen: ${request.headers.authorization}`)
  })

  const found: Finding[] = []
  const options = { url: new URL(server.url), token: 'top-secret', answerWithinMs: 300 }
  const execute = { action: 'do', ids: undefined }
  for await (const finding of examine({ ...options, execute })) found.push(finding)

  expect(JSON.stringify(found)).not.toContain('top-secret')
  expect(found.find(({ name }) => name === 'none')?.seen).toEqual([
    'answer.status: expected 403, received 500',
    'answer.body: expected {"detail":"<text>"}, received "seen: undefined"',
  ])
  expect(found.slice(-2)).toEqual([
    {
      name: 'lists its actions',
      outcome: 'failed',
      seen: [`no answer from ${new URL(server.url).host} within 0.3 s`],
      fix: 'Check firewalls in between, and whether the server is overloaded.',
    },
    {
      name: "executes 'do'",
      outcome: 'failed',
      seen: ["the server lists no action 'do'"],
      fix: 'Give one that it lists: none.',
    },
  ])
})
