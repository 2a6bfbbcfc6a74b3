import { examine, type Finding } from '@flexaction/cli/doctor/examine'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { System, TOKENS } from '../harness/system.js'
import { contractActions } from './actions.js'

const BIN = fileURLToPath(new URL('../../apps/cli/bin/flexaction.mjs', import.meta.url))
let system: System

beforeAll(async () => {
  system = await System.start({ actions: contractActions, shared: true })
})
afterAll(() => system.stop())

async function findings(url: string, more: { token?: string; execute?: string } = {}): Promise<Finding[]> {
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
  const usage = await doctor('actions.example.com')
  expect(usage.code).toBe(2)
  expect(usage.output).toContain('give a whole address, such as https://actions.example.com/api/messages/')
})

it('executes nothing unless it is told to', async () => {
  await using server = await serve((_, __, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('[]')
  })

  await findings(server.url, { token: 'x' })
  expect(server.names).not.toContain('execute_action')
  await findings(server.url, { token: 'x', execute: 'mail_users' })
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

  const found = await findings(server.url, { token: 'x' })
  const failed = new Map(found.filter(({ outcome }) => outcome === 'failed').map(({ name, ...rest }) => [name, rest]))

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

it('knows Jet Bridge, and notes what it is known to do otherwise', async () => {
  await using server = await serve((request, _, response) => {
    response.setHeader('content-type', 'application/json')
    const { authorization, 'x-http-method-override': override } = request.headers
    const passes = request.method === 'GET' || authorization !== undefined || override !== undefined
    response.statusCode = passes ? 200 : 403
    response.end(request.method === 'GET' ? '{"version":"1.13.1","type":"jet_bridge"}' : '{"detail":"…"}')
  })

  const found = await findings(server.url, { token: 'x' })

  expect(found.find(({ name }) => name === 'X-HTTP-Method-Override opens no door')).toEqual({
    name: 'X-HTTP-Method-Override opens no door',
    outcome: 'note',
    seen: ['Jet Bridge reads the header before it checks permissions: anybody passes without a token.'],
  })
})
