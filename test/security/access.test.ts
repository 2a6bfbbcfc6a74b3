import { defineAction, records } from '@flexaction/shared'
import { connect, Keys } from '@flexaction/shared/redis'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listKeys, redisUrl } from '../harness/redis.js'
import { System, TOKENS } from '../harness/system.js'
import { until } from '../harness/until.js'

let system: System
let called = 0

beforeAll(async () => {
  const touch = defineAction({ name: 'touch', target: records('users'), run: () => void called++ })
  system = await System.start({ actions: [touch], shared: true })
})
afterAll(() => system.stop())

const basic = (token: string): string => `Basic ${Buffer.from(`anybody:${token}`).toString('base64')}`
const CROSS_SITE = { 'sec-fetch-site': 'cross-site' }
const SAME_ORIGIN = { 'sec-fetch-site': 'same-origin' }
const OTHER_PORT = { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' }
const EXECUTE = 'name=execute_action&params={"name":"touch","id":1}'

const get = (path: string, headers: Record<string, string>, method = 'GET', body?: string): Promise<Response> =>
  fetch(system.url + path, { method, headers, redirect: 'manual', ...(body !== undefined && { body }) })

async function logIn(token: string, headers: Record<string, string> = {}, of = system): Promise<string> {
  const answer = await fetch(`${of.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ token }),
  })
  expect(answer.status).toBe(200)
  return answer.headers.get('set-cookie') ?? ''
}
const cookieOf = (setCookie: string): string => setCookie.split(';')[0] ?? ''

describe('what a browser sends by itself', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  it.each([
    ['a password on the messages address', '/api/messages/', basic(TOKENS.admin), {}, 'POST', 403],
    ['a password in a form of another site', '/api/messages/', basic(TOKENS.admin), CROSS_SITE, 'POST', 403],
    ['a password on the API', '/api/runs', basic(TOKENS.admin), {}, 'GET', 401],
    ['a password on the API, from the same page', '/api/runs', basic(TOKENS.admin), SAME_ORIGIN, 'GET', 401],
    ['a password at the dashboard', '/queues/api/queues', basic(TOKENS.admin), {}, 'GET', 200],
    [
      'a password at the dashboard, from another site',
      '/queues/api/queues',
      basic(TOKENS.admin),
      CROSS_SITE,
      'GET',
      401,
    ],
    [
      'a password at the dashboard, from another port',
      '/queues/api/queues',
      basic(TOKENS.admin),
      OTHER_PORT,
      'GET',
      401,
    ],
    [
      'a password at the dashboard, from another page over plain http',
      '/queues/api/queues',
      basic(TOKENS.admin),
      { referer: 'http://evil.example/page' },
      'GET',
      401,
    ],
    [
      'a pause of all queues from another site',
      '/queues/api/queues/pause',
      basic(TOKENS.admin),
      CROSS_SITE,
      'PUT',
      401,
    ],
  ])('%s', async (_, path, authorization, headers, method, status) => {
    const body = method === 'POST' ? EXECUTE : undefined
    const answer = await get(path, { authorization, ...form, ...headers }, method, body)
    expect(answer.status).toBe(status)
    expect(called).toBe(0)
  })

  it.each([
    ['/queues/api/queues', 'GET'],
    ['/queues/api/messages', 'OPTIONS'],
    ['/queues', 'GET'],
    ['/', 'GET'],
  ])('tells no other origin that it may read %s (%s)', async (path, method) => {
    const answer = await get(
      path,
      { origin: 'https://app.example.com', authorization: `Token ${TOKENS.admin}` },
      method,
    )
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})

describe('a session', () => {
  it('is ended on the server by a logout, wherever its cookie has got to', async () => {
    const cookie = cookieOf(await logIn(TOKENS.operator))
    expect((await get('/api/runs', { cookie })).status).toBe(200)
    expect((await get('/api/session', { cookie }, 'DELETE')).status).toBe(204)
    expect((await get('/api/runs', { cookie })).status).toBe(401)
  })

  it.each([
    [{}, /^flexaction_session=/, false],
    [{ 'x-forwarded-proto': 'https' }, /^__Host-flexaction_session=/, true],
    [{ 'x-forwarded-proto': 'https, http' }, /^__Host-flexaction_session=/, true],
    [{ forwarded: 'for=192.0.2.1;proto=https;host=a.example' }, /^__Host-flexaction_session=/, true],
    [{ forwarded: 'for=192.0.2.1;proto=http' }, /^flexaction_session=/, false],
  ])('has a cookie for this host alone behind %o', async (headers, name, secure) => {
    const cookie = await logIn(TOKENS.viewer, headers as Record<string, string>)
    expect(cookie).toMatch(name)
    expect(/; Secure/.test(cookie)).toBe(secure)
    expect(cookie).toContain('; Path=/; HttpOnly; SameSite=Strict')
    expect((await get('/api/runs', { cookie: cookieOf(cookie), ...headers })).status).toBe(200)
  })

  it('is kept under a key that the other keys stand beside, without what the cookie holds', async () => {
    const cookie = cookieOf(await logIn(TOKENS.admin)).split('=')[1] ?? ''
    const redis = connect(redisUrl(), { name: 'test', whenAway: 'wait' })
    const keys = await listKeys(redis, system.prefix).finally(() => redis.disconnect())
    const hashed = createHash('sha256').update(cookie).digest('base64url')
    expect(keys).toContain(new Keys(system.prefix).session(hashed))
    expect(keys.filter((key) => key.includes(cookie) || key.includes(TOKENS.admin))).toEqual([])
  })

  it('is no session where another scheme is spoken: another host of the domain may have set it', async () => {
    const cookie = cookieOf(await logIn(TOKENS.viewer))
    expect((await get('/api/runs', { cookie, 'x-forwarded-proto': 'https' })).status).toBe(401)
  })

  it('ends with the very token that it was begun with', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tokens-'))
    const file = join(folder, 'tokens')
    const hash = createHash('sha256').update('the-first-token-of-ann').digest('hex')
    await writeFile(file, `# people\nann:operator:sha256:${hash}\nbob:viewer:the-only-token-of-bob\n`)
    try {
      await using other = await System.start({ actions: [], workers: 0, env: { AUTH_TOKENS_FILE: file } })
      const status = async (headers: Record<string, string>): Promise<number> =>
        (await fetch(`${other.url}/api/runs`, { headers })).status
      const ann = cookieOf(await logIn('the-first-token-of-ann', {}, other))
      const bob = cookieOf(await logIn('the-only-token-of-bob', {}, other))
      expect([await status({ cookie: ann }), await status({ cookie: bob })]).toEqual([200, 200])

      // What is wrong changes nothing; what is right counts within seconds, without a restart.
      await writeFile(file, 'ann:operator:short\n')
      await until('the wrong file to be reported', () =>
        other.logLines.some(({ msg }) => String(msg).startsWith('AUTH_TOKENS_FILE cannot be used')),
      )
      expect(await status({ cookie: ann })).toBe(200)
      await writeFile(file, 'ann:operator:the-second-token-of-ann\nbob:viewer:the-only-token-of-bob\n')
      await until('the first token to be gone', async () => (await status({ cookie: ann })) === 401)
      expect(await status({ authorization: 'Token the-first-token-of-ann' })).toBe(401)
      expect(await status({ authorization: 'Token the-second-token-of-ann' })).toBe(200)
      expect(await status({ cookie: bob })).toBe(200)
      expect(JSON.stringify(other.logLines)).not.toContain('token-of-')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describe('limits', () => {
  it('answer an address that sends wrong tokens with 429, and let those through that it knew before', async () => {
    await using other = await System.start({
      actions: [],
      workers: 0,
      env: { MAX_WRONG_TOKENS: '5', TRUSTED_PROXIES: '127.0.0.1' },
    })
    const as = async (address: string, token: string, path = '/api/runs'): Promise<Response> =>
      fetch(other.url + path, {
        headers: { authorization: `Token ${token}`, 'x-forwarded-for': `6.6.6.6, ${address}` },
      })
    expect((await as('192.0.2.1', TOKENS.viewer)).status).toBe(200)
    const statuses: number[] = []
    for (let n = 0; n < 7; n++) statuses.push((await as('192.0.2.1', `a-wrong-token-${n}`)).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429])

    const refused = await as('192.0.2.1', 'a-wrong-token', '/api/messages/')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(Object.keys((await refused.json()) as object)).toEqual(['detail'])
    // It may have guessed this one; that one it had before; and others are not concerned.
    expect((await as('192.0.2.1', TOKENS.admin)).status).toBe(429)
    expect((await as('192.0.2.1', TOKENS.viewer)).status).toBe(200)
    expect((await as('192.0.2.2', TOKENS.admin)).status).toBe(200)
    const logged = other.logLines.filter(({ msg }) => String(msg).startsWith('a wrong token was sent'))
    expect(logged.map(({ address }) => address)).toEqual(['192.0.2.1'])
  })

  it('count the requests of a caller over all gateways, and no others’', async () => {
    await using other = await System.start({ actions: [], workers: 0, env: { MAX_REQUESTS: '200' } })
    const as = (role: 'viewer' | 'operator'): Promise<Response> =>
      fetch(`${other.url}/api/workers`, { headers: { authorization: `Token ${TOKENS[role]}` } })
    let refused: Response | undefined
    for (let n = 0; n < 210 && !refused; n++) {
      const answer = await as('viewer')
      if (answer.status === 429) refused = answer
      else expect(answer.status).toBe(200)
    }
    expect(refused?.status).toBe(429)
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await as('operator')).status).toBe(200)
  })

  it('count requests that come together once each', async () => {
    await using other = await System.start({ actions: [], workers: 0, env: { MAX_REQUESTS: '1000' } })
    const answers = await Promise.all(
      Array.from({ length: 200 }, () =>
        fetch(`${other.url}/api/workers`, { headers: { authorization: `Token ${TOKENS.viewer}` } }),
      ),
    )
    expect(answers.map(({ status }) => status).filter((status) => status !== 200)).toEqual([])
  })
})

it.each([
  { AUTH_TOKENS: 'ann:admin:short-token' },
  { AUTH_TOKENS: 'admin:admin:<a long random token>' },
  { CORS_ORIGINS: 'https://*.example.com' },
  { AUTH_TOKENS_FILE: '/nowhere/tokens' },
  { TRUSTED_PROXIES: 'the proxy' },
  { OWN_RUNS_ONLY: 'everybody' },
])('refuses to start with %o', async (env) => {
  await expect(System.start({ actions: [], workers: 0, env, shared: true })).rejects.toThrow(
    new RegExp(`^The configuration is not usable:\n  - ${Object.keys(env)[0]}`),
  )
})
