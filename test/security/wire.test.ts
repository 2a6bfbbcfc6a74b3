import { common, defineAction, field } from '@flexaction/shared'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { System, TOKENS } from '../harness/system.js'
import { until } from '../harness/until.js'

const SECRET = 's3cret-of-somebody'

let system: System

beforeAll(async () => {
  const act = defineAction({
    name: 'act',
    target: common(),
    params: { text: field.char({ required: false }) },
    run: () => undefined,
  })
  system = await System.start({ actions: [act], shared: true })
})
afterAll(() => system.stop())

const json = (value: unknown): string => JSON.stringify(value)
const form = (params: string): string => new URLSearchParams({ name: 'execute_action', params }).toString()
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

it.each<[what: string, headers: Record<string, string>, body: string]>([
  ['a field by its name', {}, json({ name: 'm1', params: { password: SECRET } })],
  ['a field deep inside', {}, json({ name: 'm2', params: { a: [{ 'X-Api-Key': SECRET }] } })],
  ['params as a JSON text', {}, json({ name: 'm3', params: json({ password: SECRET }) })],
  ['a JSON text in a JSON text', {}, json({ name: 'm4', params: json({ form: json({ api_token: SECRET }) }) })],
  ['a form with JSON', FORM, form(json({ name: 'act', params: { client_secret: SECRET } }))],
  ['a JSON text that is broken', {}, json({ name: 'm5', params: `{"password":"${SECRET}"` })],
  ['a token without a scheme', { authorization: SECRET }, json({ name: 'm6' })],
  ['a token with an unknown scheme', { authorization: `Digest ${SECRET}` }, json({ name: 'm7' })],
  ['a token that is written like a scheme', { authorization: `${SECRET} x` }, json({ name: 'm8' })],
  ['a second token', { authorization: `Token ${TOKENS.admin},${SECRET}` }, json({ name: 'm9' })],
])('keeps from the console: %s', async (_, headers, body) => {
  const sent = await fetch(`${system.url}/api/messages/`, {
    method: 'POST',
    headers: { authorization: `Token ${TOKENS.admin}`, 'content-type': 'application/json', ...headers },
    body,
  })
  await sent.text()
  const id = sent.headers.get('x-request-id') ?? ''
  const text = await until('the message to be kept', async () => {
    const { entries } = (await (await system.get('/api/wire')).json()) as { entries: { id: string }[] }
    return JSON.stringify(entries.find((entry) => entry.id === id))
  })
  expect(text).not.toContain(SECRET)
  expect(JSON.stringify(system.logLines)).not.toContain(SECRET)
})
