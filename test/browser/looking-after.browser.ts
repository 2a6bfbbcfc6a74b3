import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { System, TOKENS } from '../harness/system.js'
import { until } from '../harness/until.js'
import { company, type Company } from './harness/company.js'
import { launch, Visitor } from './harness/page.js'

let browser: Browser
let system: System
let given: Company

beforeAll(async () => {
  browser = await launch()
  given = company()
  system = await System.start({ ...given, shared: true })
})

afterAll(async () => {
  given.gate.resolve()
  await system.stop()
  await browser.close()
})

it('shows who is alive, how busy they are, what waits and what ended', async () => {
  given.rude.add(3)
  await system.runIn(
    ['completed_with_failures'],
    await system.begin({ name: 'greet', model: 'users', ids: range(1, 20) }),
  )
  await system.begin({ name: 'visit', model: 'users', ids: range(1, 20) })
  await using visitor = await Visitor.loggedIn(browser, system, '/workers')
  const { page } = visitor
  await page.getByText('1 live worker').waitFor()
  await page.getByText(/^2 of \d+ slots$/).waitFor()
  const queue = page
    .getByRole('region', { name: 'Queues', exact: true })
    .first()
    .getByRole('row')
    .filter({ hasText: 'visit.records.users' })
  await queue.getByText('1 worker').waitFor()
  await page.getByText(/19 items succeeded and 1 failed in the last hour/).waitFor()
  await page.getByText('Last day').click()
  await page.getByText(/19 items succeeded and 1 failed in the last day/).waitFor()
  await visitor.screenshot('workers')
  await page.getByText('Over time').waitFor()
  await queue.getByRole('link').click()
  await page.waitForURL('**/queues/queue/visit.records.users**')
  await page
    .getByText(/run \w+ item 1$/)
    .first()
    .waitFor()
  expect(visitor.complaints).toEqual([])
})

it('shows the last messages with their answers, and never a secret', async () => {
  const secret = 'hunter2-hunter2'
  await system.send('execute_action', {
    name: 'greet',
    model: 'users',
    ids: range(1, 5_000),
    params: { word: 'x', password: secret, nested: { 'X-Api-Key': secret, api_key: secret } },
  })
  await system.send('nobody_knows', { api_token: secret, nested: { Authorization: `Token ${secret}` } })
  const entries = await until('both messages to be on the wire', async () => {
    const { entries } = (await (await system.get('/api/wire')).json()) as { entries: { name: string }[] }
    return entries[0]?.name === 'nobody_knows' && entries
  })
  expect(entries[0]).toMatchObject({ name: 'nobody_knows', user: 'admin' })
  expect(JSON.stringify(entries)).not.toContain(secret)
  expect(JSON.stringify(entries)).not.toContain('admin-token-for-tests')
  expect(JSON.stringify(entries).length).toBeLessThan(20_000)

  await using visitor = await Visitor.loggedIn(browser, system, '/wire')
  const { page } = visitor
  await page
    .getByRole('button', { name: /execute_action/ })
    .first()
    .click()
  await page.getByText('Answer 400', { exact: true }).waitFor()
  await page.getByText(`${system.url}/api/messages/`, { exact: true }).waitFor()
  await page.getByText('"password": "[masked]"').first().waitFor()
  await page.getByText('… 4950 more').waitFor()
  expect(visitor.complaints).toEqual([])
})

it('says in the dashboard who serves a queue, and keeps what handlers wrote from viewers', async () => {
  const run = await system.begin({ name: 'greet', model: 'users', ids: [1] })
  await system.runIn(['succeeded'], run)
  const as = (role: 'operator' | 'viewer', path: string): Promise<Response> =>
    fetch(`${system.url}/queues/api/queues${path}`, { headers: { authorization: `Token ${TOKENS[role]}` } })
  const { queues } = (await (await as('viewer', '')).json()) as { queues: { name: string; hasWorkers: boolean }[] }
  expect(queues.map(({ hasWorkers }) => hasWorkers)).toEqual(queues.map(() => true))
  const { workers } = (await (await as('viewer', '/greet.records.users/workers')).json()) as { workers: unknown[] }
  expect(workers).toHaveLength(1)

  const logs = `/greet.records.users/${run}-0/logs`
  expect(await (await as('operator', logs)).json()).toEqual(['greeting 1'])
  for (const path of [logs, logs.toUpperCase().replace(/^.*?\/(?=[^/]*\/LOGS)/, '/greet.records.users/')])
    expect((await as('viewer', path)).status).toBe(403)
})

it('keeps messages and what was sent from viewers', async () => {
  await using visitor = await Visitor.loggedIn(browser, system, '/wire', { role: 'viewer' })
  await visitor.page.getByText('For operators').waitFor()
  expect(visitor.complaints).toEqual([])
})
