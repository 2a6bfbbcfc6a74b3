import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { System } from '../harness/system.js'

let provider: Server
let system: System
const roles: Record<string, string | undefined> = { ann: 'operator', vic: 'viewer', nobody: undefined }

beforeAll(async () => {
  // Its addresses hold its port, and it has to know the gateway's: both are found out first.
  provider = createServer().listen(0, '127.0.0.1')
  const gateway = createServer().listen(0, '127.0.0.1')
  await Promise.all([provider, gateway].map((one) => new Promise((resolve) => one.once('listening', resolve))))
  const { port } = gateway.address() as AddressInfo
  await new Promise((resolve) => gateway.close(resolve))
  const issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`
  const client = { client_id: 'flexaction', client_secret: 'the-secret-of-the-client' }
  const oidc = new Provider(issuer, {
    clients: [{ ...client, redirect_uris: [`http://127.0.0.1:${port}/api/session/oidc/callback`] }],
    claims: { openid: ['sub', 'role', 'groups'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ['a-key-for-tests'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, role: roles[id], groups: ['finance'] }) }),
  })
  const handle = oidc.callback()
  provider.on('request', (request, response) => void handle(request, response))
  system = await System.start({
    actions: [],
    workers: 0,
    shared: true,
    env: {
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      OIDC_ISSUER: issuer,
      OIDC_CLIENT_ID: client.client_id,
      OIDC_CLIENT_SECRET: client.client_secret,
    },
  })
})
afterAll(async () => {
  await system.stop()
  provider.closeAllConnections()
  provider.close()
})

/** A browser, as far as a login needs one: it keeps cookies by host, follows redirects and sends forms. */
class Browser {
  readonly #cookies = new Map<string, Map<string, string>>()
  readonly visited: string[] = []

  async open(
    address: string,
    form?: Record<string, string>,
  ): Promise<{ address: string; text: string; status: number }> {
    const { host } = new URL(address)
    this.visited.push(address)
    const jar = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, jar)
    const answer = await fetch(address, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { body: new URLSearchParams(form) }),
    })
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair = '', ...attributes] = cookie.split(';')
      const [name = '', ...value] = pair.split('=')
      const past = attributes.some((one) => /expires=/i.test(one) && Date.parse(one.split('=')[1] ?? '') < Date.now())
      if (past) jar.delete(name)
      else jar.set(name, value.join('='))
    }
    const text = await answer.text()
    const location = answer.headers.get('location')
    if (location === null) return { address, text, status: answer.status }
    return this.open(new URL(location, address).href)
  }

  cookieOf(address: string, name: string): string | undefined {
    return this.#cookies.get(new URL(address).host)?.get(name)
  }
}

/** Logs in at the provider's own pages: name and password, then consent. */
async function logIn(browser: Browser, name: string, next = '/runs'): Promise<{ address: string; status: number }> {
  let page = await browser.open(`${system.url}/api/session/oidc?next=${encodeURIComponent(next)}`)
  for (let step = 0; step < 3 && page.address.includes('/interaction/'); step++) {
    const action = /<form[^>]* action="([^"]+)"/.exec(page.text)?.[1] ?? ''
    const prompt = /name="prompt" value="(\w+)"/.exec(page.text)?.[1] ?? ''
    page = await browser.open(new URL(action, page.address).href, { prompt, login: name, password: 'any' })
  }
  return page
}

it('logs a person in with code and PKCE, by the claims of the ID token', async () => {
  const browser = new Browser()
  const { address } = await logIn(browser, 'ann')
  expect(address).toBe(`${system.url}/login?next=%2Fruns`)
  const asked = new URL(browser.visited.find((one) => one.includes('code_challenge=')) ?? 'http://none')
  expect(asked.searchParams.get('code_challenge_method')).toBe('S256')
  expect(asked.searchParams.get('response_type')).toBe('code')

  const cookie = `flexaction_session=${browser.cookieOf(system.url, 'flexaction_session')}`
  const session = await fetch(`${system.url}/api/session`, { headers: { cookie } })
  expect(await session.json()).toMatchObject({ name: 'ann', role: 'operator' })
  expect((await fetch(`${system.url}/api/wire`, { headers: { cookie } })).status).toBe(200)
  expect((await fetch(`${system.url}/api/session`, { method: 'DELETE', headers: { cookie } })).status).toBe(204)
  expect((await fetch(`${system.url}/api/wire`, { headers: { cookie } })).status).toBe(401)
})

it('gives each person their own role, and nobody in who has none', async () => {
  const viewer = new Browser()
  await logIn(viewer, 'vic')
  const cookie = `flexaction_session=${viewer.cookieOf(system.url, 'flexaction_session')}`
  expect((await fetch(`${system.url}/api/runs`, { headers: { cookie } })).status).toBe(200)
  expect((await fetch(`${system.url}/api/wire`, { headers: { cookie } })).status).toBe(403)

  const stranger = new Browser()
  const { address } = await logIn(stranger, 'nobody')
  expect(address).toBe(`${system.url}/login?problem=no-role`)
  expect(stranger.cookieOf(system.url, 'flexaction_session')).toBeUndefined()
})

it('takes no code that another browser has fetched, nor one twice, nor one without its state', async () => {
  const browser = new Browser()
  await logIn(browser, 'ann')
  const callback = browser.visited.find((one) => one.includes('/callback?')) ?? ''
  const refused = `${system.url}/login?problem=refused`
  // What was begun in this browser is over; in that one nothing was begun.
  expect((await browser.open(callback)).address).toBe(refused)
  expect((await new Browser().open(callback)).address).toBe(refused)
  const other = new Browser()
  await other.open(`${system.url}/api/session/oidc`)
  expect((await other.open(callback)).address).toBe(refused)
  expect((await other.open(`${system.url}/api/session/oidc/callback`)).address).toBe(refused)
  expect(other.cookieOf(system.url, 'flexaction_session')).toBeUndefined()
})

it('is not there without a provider, and says what it needs', async () => {
  await using plain = await System.start({ actions: [], workers: 0 })
  for (const path of ['/api/session/oidc', '/api/session/oidc/callback'])
    expect((await fetch(plain.url + path, { redirect: 'manual' })).status).toBe(404)
  await expect(
    System.start({ actions: [], workers: 0, shared: true, env: { OIDC_ISSUER: 'https://login.example.com' } }),
  ).rejects.toThrow('OIDC_ISSUER needs PUBLIC_URL')
})
