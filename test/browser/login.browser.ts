import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { System, TOKENS } from '../harness/system.js'
import { company } from './harness/company.js'
import { launch, Visitor } from './harness/page.js'

let browser: Browser
let system: System

beforeAll(async () => {
  browser = await launch()
  system = await System.start({ ...company(), shared: true })
})

afterAll(async () => {
  await system.stop()
  await browser.close()
})

it('asks for a token, says what is wrong with it, and goes on to where one wanted to be', async () => {
  await using visitor = await Visitor.open(browser, system)
  const { page } = visitor
  await visitor.go('/runs?state=failed')
  await page.getByLabel('Token').fill('wrong')
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByText('The token is not known').waitFor()

  await page.getByLabel('Token').fill(TOKENS.viewer)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.waitForURL('**/runs?state=failed')
  await page.getByRole('heading', { name: 'Runs' }).waitFor()

  const cookie = (await page.context().cookies()).find(({ name }) => name === 'flexaction_session')
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
  expect(cookie?.value).not.toContain(TOKENS.viewer)
  expect(await page.evaluate('JSON.stringify([localStorage, sessionStorage, document.cookie])')).not.toContain('token')
  // The refused token is a failed request, which a browser always reports.
  expect(visitor.complaintsBut(/status of 400/)).toEqual([])
})

it('opens the queue dashboard with the same login, and closes both when one logs out', async () => {
  await using visitor = await Visitor.open(browser, system)
  const { page } = visitor
  await visitor.go('/queues')
  await page.waitForURL('**/login?next=%2Fqueues')
  await page.getByLabel('Token').fill(TOKENS.operator)
  await page.getByLabel('Token').press('Enter')
  await page.waitForURL('**/queues')
  await page.getByText('greet.records.users').first().waitFor()

  await visitor.go('/actions')
  await page.getByRole('button', { name: 'You' }).click()
  await page.getByRole('menuitem', { name: 'Log out' }).click()
  await page.getByLabel('Token').waitFor()
  await visitor.go('/queues')
  await page.waitForURL('**/login?next=%2Fqueues')
})

it('takes a session for nothing when another page sends it, and never for a changed one', async () => {
  const login = await fetch(`${system.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: TOKENS.admin }),
  })
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? ''
  const status = async (headers: Record<string, string>, path = '/api/runs', method = 'GET'): Promise<number> =>
    (await fetch(system.url + path, { method, headers: { cookie, ...headers } })).status

  expect(await status({ 'sec-fetch-site': 'same-origin' })).toBe(200)
  expect(await status({ 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' })).toBe(401)
  expect(await status({ 'sec-fetch-site': 'cross-site' }, '/queues/api/queues')).toBe(401)
  expect(await status({ origin: 'http://evil.example' }, '/api/messages/', 'POST')).toBe(403)
  expect(await status({ origin: 'http://evil.example' }, '/api/session', 'DELETE')).toBe(403)
  expect(await status({ cookie: cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) })).toBe(401)
})
