import { defineAction, field, records, result } from '@flexaction/shared'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../harness/free-port.js'
import { System, TOKENS } from '../harness/system.js'
import { until } from '../harness/until.js'
import { withResolvers } from '../harness/with-resolvers.js'

const gates = new Map<unknown, { resolve: () => void }>()
const actions = [
  defineAction({ name: 'greet', target: records('users'), run: ({ id }) => ({ greeted: id }) }),
  defineAction({
    name: 'bulk',
    target: records('users', { bulk: true }),
    params: { note: field.char({ required: false }) },
    run: ({ ids }) => ids.length,
  }),
  defineAction({ name: 'export', target: records('users'), run: () => result.file({ name: 'a.csv', content: 'a,b' }) }),
  defineAction({
    name: 'wait',
    target: records('users'),
    run: async ({ id }) => {
      const gate = withResolvers()
      gates.set(id, gate)
      await gate.promise
    },
  }),
]
const authorization = `Token ${TOKENS.admin}`
const JSON_HEADERS = { authorization, 'content-type': 'application/json' }

let port: number
let system: System
beforeAll(async () => {
  port = await freePort()
  system = await System.start({ actions, shared: true, env: { PUBLIC_URL: `http://127.0.0.1:${port}/jet` } })
})
afterAll(() => system.stop())

async function post(url: string, params: object, headers: Record<string, string> = {}): Promise<Response> {
  const body = JSON.stringify({ name: 'execute_action', params })
  return await fetch(url, { method: 'POST', headers: { ...JSON_HEADERS, ...headers }, body })
}

describe('addresses in answers', () => {
  it.each<[what: string, path: string, prefix: string | undefined, before: string]>([
    ['nothing before', '/api/messages/', undefined, ''],
    ['a prefix that was stripped', '/api/messages/', '/jet', '/jet'],
    ['a prefix of two parts, with a slash', '/api/messages/', '/jet/admin/', '/jet/admin'],
    ['two proxies', '/api/messages/', '/outer, /inner', '/outer'],
    ['a prefix that was kept', '/jet/api/messages/', undefined, '/jet'],
    ['a prefix that was kept, and said', '/jet/api/messages/', '/jet', '/jet'],
    ['one that was stripped, and one that was kept', '/inner/api/messages/', '/outer', '/outer/inner'],
    ['a header that is no path', '/api/messages/', '//evil.example.com', ''],
    ['a header with markup', '/api/messages/', '/"><script>', ''],
  ])('%s', async (_, path, prefix, before) => {
    const answer = await post(
      system.url + path,
      { name: 'greet', id: 5 },
      prefix ? { 'x-forwarded-prefix': prefix } : {},
    )
    const location = answer.headers.get('location') ?? ''
    expect([answer.status, location]).toEqual([
      201,
      expect.stringMatching(new RegExp(`^${before}/api/runs/[0-9a-v]{20}$`)),
    ])
    // As the proxy passes it on: with what it keeps.
    const kept = path.replace(/\/api\/messages\/$/, '')
    const run = await system.get(kept + location.slice(location.indexOf('/api/')))
    expect([run.status, await run.json()]).toMatchObject([200, { action: 'greet', state: 'succeeded' }])
  })

  it('of the console: its files, its pages and the API', async () => {
    const page = async (path: string, prefix?: string): Promise<string> =>
      (await fetch(system.url + path, prefix ? { headers: { 'x-forwarded-prefix': prefix } } : {})).text()
    for (const [path, prefix, before] of [
      ['/runs/x', undefined, ''],
      ['/runs/x', '/jet', '/jet'],
      ['/jet/runs/x', '/jet', '/jet'],
    ] as const) {
      const html = await page(path, prefix)
      expect(html).toContain(`<meta name="flexaction-api" content="${before}/api" />`)
      expect(html).toContain(`<meta name="flexaction-base" content="${before}" />`)
      const script = / src="([^"]+)"/.exec(html)?.[1] ?? ''
      expect(script).toMatch(new RegExp(`^${before}/assets/`))
      const file = await fetch(system.url + script, prefix ? { headers: { 'x-forwarded-prefix': prefix } } : {})
      await file.arrayBuffer()
      expect([file.status, file.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8'])
    }
  })
})

it('answers an address outside of the prefix with 404, so that a page can read it, and says the right one', async () => {
  const origin = 'https://app.example.com'
  for (const [path, prefix, where] of [
    ['/messages/', undefined, '/api/messages/'],
    ['/', undefined, '/api/messages/'],
    ['/jet/messages', undefined, '/api/messages/'],
    ['/messages/', '/jet', '/jet/api/messages/'],
  ] as const) {
    const headers = { origin, ...(prefix && { 'x-forwarded-prefix': prefix }) }
    const preflight = {
      ...headers,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    }
    const asked = await fetch(system.url + path, { method: 'OPTIONS', headers: preflight })
    await asked.arrayBuffer()
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, origin])
    const answer = await post(system.url + path, { name: 'greet', id: 5 }, headers)
    expect([answer.status, answer.headers.get('access-control-allow-origin'), await answer.json()]).toEqual([
      404,
      origin,
      {
        detail: `There is nothing at POST ${prefix ?? ''}${path}: Jet Admin's messages go to POST ${where}`,
        code: 'not_found',
      },
    ])
  }
})

it('keeps idle connections for longer than the usual proxies, and says so to those who ask', async () => {
  const answer = await fetch(`${system.url}/healthz`)
  expect([answer.status, answer.headers.get('keep-alive'), await answer.text()]).toEqual([
    200,
    'timeout=620',
    expect.anything(),
  ])
})

const hasNginx = spawnSync('nginx', ['-v']).status === 0

describe.skipIf(!hasNginx)('nginx, configured as docs/operations.md has it', () => {
  let folder: string
  let nginx: ReturnType<typeof spawn>
  let proxy: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'flexaction-nginx-'))
    const docs = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')
    const documented = /```nginx\n([^]*?)```/.exec(docs)?.[1] ?? ''
    const server = documented
      .replace('127.0.0.1:8080', `127.0.0.1:${system.gateway.port}`)
      .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
      // Below another path what a proxy keeps.
      .replace('location / {', 'location /kept/ { proxy_pass http://flexaction; }\n  location / {')
    const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    )
    const file = join(folder, 'nginx.conf')
    await writeFile(
      file,
      `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
       events {} http { access_log off; ${folders.join(' ')} ${server} }`,
    )
    nginx = spawn('nginx', ['-c', file, '-e', join(folder, 'error.log')], { stdio: 'ignore' })
    proxy = `http://127.0.0.1:${port}`
    await until('nginx to answer', () =>
      fetch(`${proxy}/healthz`).then(
        (answer) => answer.text(),
        () => undefined,
      ),
    )
  })
  afterAll(async () => {
    const gone = once(nginx, 'exit')
    nginx.kill()
    await gone
    await rm(folder, { recursive: true })
  })

  it.each(['', '/jet', '/kept'])('messages and runs, below %j', async (before) => {
    const answer = await post(`${proxy}${before}/api/messages/`, { name: 'greet', id: 5 })
    const location = answer.headers.get('location') ?? ''
    expect([answer.status, await answer.json(), location]).toEqual([
      201,
      { greeted: 5 },
      expect.stringMatching(new RegExp(`^${before}/api/runs/`)),
    ])
    const run = await fetch(proxy + location, { headers: { authorization } })
    expect([run.status, await run.json()]).toMatchObject([200, { state: 'succeeded' }])
  })

  it('a body of several megabytes', async () => {
    const ids = Array.from({ length: 300_000 }, (_, at) => 10_000_000 + at)
    const answer = await post(`${proxy}/api/messages/`, { name: 'bulk', ids }, { prefer: 'respond-async' })
    expect([answer.status, await answer.json()]).toMatchObject([202, { run: { total: 300_000 } }])
    await system.steer(answer.headers.get('x-run-id') ?? '', 'cancel')
    await system.runIn(['cancelled'], answer.headers.get('x-run-id') ?? '')
  })

  it.each(['', '/jet'])('an event stream, as it happens, below %j', async (before) => {
    const run = await system.begin({ name: 'wait', id: `stream ${before}` })
    await until('the handler to wait', () => gates.has(`stream ${before}`))
    const stream = await fetch(`${proxy}${before}/api/runs/${run}/events`, { headers: { authorization } })
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader()
    // The run goes on: what is read now was not held back until its end.
    let heard = (await reader?.read())?.value ?? ''
    expect(heard).toContain('event: run')
    gates.get(`stream ${before}`)?.resolve()
    for (let more = await reader?.read(); more?.value !== undefined; more = await reader?.read()) heard += more.value
    expect(heard).toMatch(/event: end[^]*"state":"succeeded"/)
  })

  it('the console below a path, with its login', async () => {
    const html = await (await fetch(`${proxy}/jet/login`)).text()
    const script = / src="([^"]+)"/.exec(html)?.[1] ?? ''
    const file = await fetch(proxy + script)
    expect([file.status, (await file.text()).length > 1_000]).toEqual([200, true])
    const login = await fetch(`${proxy}/jet/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: proxy },
      body: JSON.stringify({ token: TOKENS.admin }),
    })
    expect([login.status, await login.json()]).toMatchObject([200, { name: 'admin' }])
  })

  it('a file, by the address that PUBLIC_URL makes', async () => {
    const answer = await post(`${proxy}/jet/api/messages/`, { name: 'export', id: 1 })
    const { url } = (await answer.json()) as { url: string }
    expect(url).toMatch(new RegExp(`^${proxy}/jet/api/files/`))
    expect(await (await fetch(url)).text()).toBe('a,b')
  })
})
