import { defineAction, records } from '@flexaction/shared'
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { System } from '../harness/system.js'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
/** Made by hand: what a forger sends no library would sign. */
function jwt(claims: object, { alg = 'RS256', key = privateKey as KeyObject | string, kid = 'the-key' } = {}): string {
  const text = `${encode({ alg, typ: 'JWT', kid })}.${encode(claims)}`
  if (alg === 'none') return `${text}.`
  if (alg === 'HS256')
    return `${text}.${createHmac('sha256', key as string)
      .update(text)
      .digest('base64url')}`
  return `${text}.${sign('sha256', Buffer.from(text), key as KeyObject).toString('base64url')}`
}

const now = Math.floor(Date.now() / 1_000)
const usual = {
  sub: 'ann',
  realm: { roles: ['operator', 'other'] },
  groups: ['finance'],
  iss: 'us',
  aud: 'flexaction',
  exp: now + 600,
}

let system: System
beforeAll(async () => {
  const touch = defineAction({
    name: 'touch',
    target: records('users'),
    permission: { groups: ['finance'] },
    run: ({ ctx }) => ctx.user.name,
  })
  system = await System.start({
    actions: [touch],
    shared: true,
    env: {
      JWT_PUBLIC_KEY: pem.replaceAll('\n', String.raw`\n`),
      JWT_ISSUER: 'us',
      JWT_AUDIENCE: 'flexaction',
      JWT_ROLE_CLAIM: 'realm.roles',
    },
  })
})
afterAll(() => system.stop())

const status = async (authorization: string, of = system): Promise<number> =>
  (await fetch(`${of.url}/api/runs`, { headers: { authorization } })).status

it('tells name, role and groups by the claims', async () => {
  expect(await status(`JWT ${jwt(usual)}`)).toBe(200)
  expect(await status(`Bearer ${jwt(usual)}`)).toBe(200)
  expect(await status(`JWT ${jwt(usual)},ProjectToken something`)).toBe(200)
  const executed = await system.send('execute_action', { name: 'touch', id: 1 }, { authorization: `JWT ${jwt(usual)}` })
  expect([executed.status, await executed.json()]).toEqual([201, 'ann'])
  const outsider = { ...usual, groups: ['people'] }
  expect(
    (await system.send('execute_action', { name: 'touch', id: 1 }, { authorization: `JWT ${jwt(outsider)}` })).status,
  ).toBe(403)
  const viewer = { ...usual, realm: { roles: 'viewer' } }
  expect((await fetch(`${system.url}/api/wire`, { headers: { authorization: `JWT ${jwt(viewer)}` } })).status).toBe(403)
})

it.each<[what: string, token: string, status: number]>([
  ['one without a signature', jwt(usual, { alg: 'none' }), 401],
  ['one signed with the public key as a secret', jwt(usual, { alg: 'HS256', key: pem }), 401],
  ['one signed with another key', jwt(usual, { key: other.privateKey }), 401],
  ['one of another algorithm', jwt(usual, { alg: 'RS512' }), 401],
  ['one that has expired', jwt({ ...usual, exp: now - 60 }), 401],
  ['one that expired within the tolerance', jwt({ ...usual, exp: now - 5 }), 200],
  ['one that never expires', jwt({ ...usual, exp: undefined }), 401],
  ['one that is not valid yet', jwt({ ...usual, nbf: now + 600 }), 401],
  ['one of another issuer', jwt({ ...usual, iss: 'them' }), 401],
  ['one for another audience', jwt({ ...usual, aud: 'shop' }), 401],
  ['one that names nobody', jwt({ ...usual, sub: undefined }), 401],
  ['one without a role', jwt({ ...usual, realm: {} }), 403],
  ['one with a role that is none', jwt({ ...usual, realm: { roles: ['root'] } }), 403],
  ['one that was changed', jwt(usual).replace(/\.[\w-]+\./, `.${encode({ ...usual, sub: 'eve' })}.`), 401],
])('takes %s for what it is', async (_, token, expected) => {
  expect(await status(`JWT ${token}`)).toBe(expected)
})

it('fetches the keys from where they are published', async () => {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    const key = { ...publicKey.export({ format: 'jwk' }), kid: 'the-key', alg: 'RS256', use: 'sig' }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [key] }))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
  try {
    await using elsewhere = await System.start({
      actions: [],
      workers: 0,
      env: { JWT_JWKS_URL: url, JWT_ROLE_CLAIM: 'realm.roles' },
    })
    for (let n = 0; n < 3; n++) expect(await status(`JWT ${jwt(usual)}`, elsewhere)).toBe(200)
    expect(await status(`JWT ${jwt(usual, { key: other.privateKey })}`, elsewhere)).toBe(401)
    expect(asked).toBe(1)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

it('says at start that a key is none', async () => {
  await expect(
    System.start({ actions: [], workers: 0, shared: true, env: { JWT_PUBLIC_KEY: 'a key' } }),
  ).rejects.toThrow(/JWT_PUBLIC_KEY is no public key for RS256/)
})
