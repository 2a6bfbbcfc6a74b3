import { readConfig } from '@flexaction/gateway/config'
import { createGateway } from '@flexaction/gateway/gateway'
import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { System, TOKENS } from '../harness/system.js'
import { until } from '../harness/until.js'
import { company, type Company } from './harness/company.js'
import { launch, Visitor } from './harness/page.js'

let browser: Browser

beforeAll(async () => {
  browser = await launch()
})

afterAll(async () => {
  await browser.close()
})

/** Scrolls to a part of the height. Runs in the browser. */
const scrollTo = (element: unknown, part: number): void => {
  const table = element as { scrollTop: number; scrollHeight: number }
  table.scrollTop = table.scrollHeight * part
}

async function begin(): Promise<{ system: System; given: Company }> {
  const given = company()
  return { given, system: await System.start(given) }
}

it('shows a run live: paused, resumed, and to its end, without reading it again', async () => {
  const { system, given } = await begin()
  await using _ = system
  const run = await system.begin({ name: 'visit', model: 'users', ids: range(1, 30) })
  await using visitor = await Visitor.loggedIn(browser, system, `/runs/${run}`)
  const { page } = visitor
  await page.getByText('running', { exact: true }).waitFor()
  await page.getByText('active 2', { exact: true }).waitFor()

  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click()
  await page.getByText('paused', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Resume' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click()
  await page.getByText('running', { exact: true }).waitFor()

  given.gate.resolve()
  await page.getByText('30 of 30 items').waitFor()
  await page.getByText('succeeded', { exact: true }).first().waitFor()
  await page.getByText('succeeded 30', { exact: true }).waitFor()
  await page
    .getByRole('row')
    .filter({ hasText: /^30?.*succeeded/ })
    .first()
    .waitFor()
  expect(visitor.complaints).toEqual([])
})

it('cancels a run after asking', async () => {
  const { system } = await begin()
  await using _ = system
  const run = await system.begin({ name: 'visit', model: 'users', ids: range(1, 30) })
  await using visitor = await Visitor.loggedIn(browser, system, `/runs/${run}`)
  const { page } = visitor
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('dialog').getByText('This cannot be undone').waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await page.getByText('cancelled', { exact: true }).first().waitFor()
  expect(await system.runIn(['cancelled'], run)).toBeTruthy()
  expect(visitor.complaints).toEqual([])
})

it('tells what became of each record, retries those that failed, and has all of it as CSV', async () => {
  const { system, given } = await begin()
  await using _ = system
  given.rude.add(5).add(150)
  const run = await system.begin({ name: 'greet', model: 'users', ids: range(1, 200), params: { word: '=Hi' } })
  await system.runIn(['completed_with_failures'], run)
  await using visitor = await Visitor.loggedIn(browser, system, `/runs/${run}`)
  const { page } = visitor
  const items = page.getByRole('region', { name: 'Items', exact: true })
  await items.getByText('{"said":"=Hi 1"}').waitFor()
  await visitor.screenshot('run')

  await page.getByText('failed 2').click()
  await page.getByText('2 found').waitFor()
  await items.getByRole('button', { name: '150' }).click()
  const item = page.getByRole('dialog', { name: 'Record 150' })
  await item.getByText('turned away').waitFor()
  await item.getByText('greeting 150').waitFor()
  await page.keyboard.press('Escape')

  const group = page.getByTestId('failure-group')
  await group.getByText('2 · turned away').waitFor()
  await page.getByText('all 200').click()
  await group.getByRole('button', { name: 'Show' }).click()
  await page.getByText('Only those that failed with: turned away').waitFor()
  expect(new URL(page.url()).search).toBe('?state=failed&failure=turned+away')
  await page.reload()
  await page.getByText('2 found').waitFor()
  await group.getByRole('button', { name: 'Retry these' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Not now' }).click()
  await page.getByText('all 200').click()
  await page.getByLabel('Search in items').fill('199')
  await page.getByText('1 found').waitFor()
  await items.getByText('{"said":"=Hi 199"}').waitFor()

  await page.getByRole('button', { name: 'CSV' }).click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: 'Failed items' }).click(),
  ])
  expect(await readFile(await download.path(), 'utf8')).toMatch(
    /^id,state,attempts,message,result,startedAt,finishedAt\r\n5,failed,1,turned away,,[^\n]+\r\n150,failed,[^\n]+\r\n$/,
  )

  await page.getByRole('tab', { name: 'What was sent' }).click()
  await page.getByText('operator').or(page.getByText('admin (admin)')).first().waitFor()
  await page.getByText('"word": "=Hi"').waitFor()
  await page.getByText(`curl -i ${system.url}/api/messages/`).waitFor()

  given.rude.clear()
  await page.getByRole('button', { name: 'Retry 2 failed' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Retry 2 failed' }).click()
  await page.getByText('succeeded', { exact: true }).first().waitFor()
  await page.getByRole('tab', { name: 'Items' }).click()
  await page.getByLabel('Search in items').fill('150')
  await items.getByRole('button', { name: '150' }).click()
  await page.getByRole('dialog', { name: 'Record 150' }).getByText('Before it was retried').waitFor()
  expect(visitor.complaints).toEqual([])
})

it('says so when the connection is lost, and goes on by itself', async () => {
  const { system, given } = await begin()
  await using _ = system
  const run = await system.begin({ name: 'visit', model: 'users', ids: range(1, 6) })
  await using visitor = await Visitor.loggedIn(browser, system, `/runs/${run}`)
  const { page } = visitor
  await page.getByText('running', { exact: true }).waitFor()

  const { port } = system.gateway
  await system.gateway.stop()
  await page.getByText('The connection is lost').waitFor()
  await page.getByText(/Trying again/).waitFor()

  system.gateway = await createGateway(readConfig({ ...system.env, PORT: String(port) }), system.logger('gateway'))
  await system.gateway.start()
  await page.getByText('The connection is lost').waitFor({ state: 'detached' })
  given.gate.resolve()
  await page.getByText('6 of 6 items').waitFor()
  expect(visitor.complaintsBut(/Failed to load resource|ERR_|status of 50/)).toEqual([])
})

it('says in a list, too, that it may be out of date', async () => {
  const { system } = await begin()
  await using _ = system
  await using visitor = await Visitor.loggedIn(browser, system, '/runs')
  const { page } = visitor
  await page.getByText('Nothing was run yet').waitFor()
  const { port } = system.gateway
  await system.gateway.stop()
  await page.getByRole('alert').getByText('What you see may be out of date').waitFor()

  system.gateway = await createGateway(readConfig({ ...system.env, PORT: String(port) }), system.logger('gateway'))
  await system.gateway.start()
  await page.getByRole('alert').waitFor({ state: 'detached' })
  await system.begin({ name: 'recount', model: 'users' })
  await page.getByRole('link', { name: 'recount users' }).waitFor()
  expect(visitor.complaintsBut(/Failed to load resource|ERR_|status of 50/)).toEqual([])
})

it('works where the browser believes that there is no network', async () => {
  const { system } = await begin()
  await using _ = system
  await using visitor = await Visitor.open(browser, system)
  await visitor.page.addInitScript("Object.defineProperty(navigator, 'onLine', { get: () => false })")
  await visitor.page.request.post(`${system.url}/api/session`, { data: { token: TOKENS.operator } })
  await visitor.go('/actions')
  await visitor.page.evaluate("dispatchEvent(new Event('offline'))")
  await visitor.page.getByText('Without a collection').waitFor()
  await system.begin({ name: 'recount', model: 'users' })
  await visitor.page.getByRole('link', { name: /^succeeded, run/ }).waitFor()
})

it('lists runs live and filters them', async () => {
  const { system } = await begin()
  await using _ = system
  await using visitor = await Visitor.loggedIn(browser, system, '/runs')
  const { page } = visitor
  await page.getByText('Nothing was run yet').waitFor()
  await system.begin({ name: 'recount', model: 'users' })
  await system.begin({ name: 'greet', model: 'users', ids: [1, 2] })
  await system.begin({ name: 'greet', model: 'users', ids: [3] })
  const rows = page.getByRole('region', { name: 'Runs' }).getByRole('link')
  await rows.nth(2).waitFor()
  expect(await rows.allTextContents()).toEqual(['greet users', 'greet users', 'recount users'])

  await page.getByLabel('Record id').fill('3')
  await rows.nth(1).waitFor({ state: 'detached' })
  expect(page.url()).toContain('record=3')
  await page.getByLabel('Record id').fill('')
  await rows.nth(2).waitFor()
  await page
    .getByRole('combobox', { name: 'Action' })
    .or(page.getByLabel('Action', { exact: true }))
    .first()
    .click()
  await page.getByRole('option', { name: 'recount' }).click()
  await rows.nth(1).waitFor({ state: 'detached' })
  await rows.first().click()
  await page.getByRole('heading', { name: 'Recount' }).waitFor()
  await page.getByText('"counted": 250').waitFor()

  await visitor.go('/runs?since=2020-01-01%2000:00:00&until=2020-01-02%2023:59:59')
  await page.getByText('No run fits').waitFor()
  await page.getByRole('button', { name: /^2020-01-01 00:00/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Last hour' }).click()
  await rows.nth(2).waitFor()
  await system.begin({ name: 'recount', model: 'users' })
  await rows.nth(3).waitFor()
  expect(visitor.complaints).toEqual([])
})

it('holds thousands of runs, and a run of 100,000 items, with few rows drawn', async () => {
  const { system } = await begin()
  await using _ = system
  await using visitor = await Visitor.loggedIn(browser, system, '/runs')
  const { page } = visitor
  for (const chunk of range(1, 30)) {
    await Promise.all(range(1, 10).map((n) => system.begin({ name: 'greet', model: 'users', ids: [chunk * 10 + n] })))
  }
  const big = await system.begin({ name: 'greet', model: 'users', ids: range(1, 100_000) })
  const list = page.getByRole('region', { name: 'Runs' })
  await list.getByRole('link').first().waitFor()
  await until('the oldest run to be shown', async () => {
    await list.evaluate(scrollTo, 1)
    return (await page.locator('[aria-rowindex="302"]').count()) === 1
  })
  expect(await list.getByRole('row').count()).toBeLessThan(80)

  await system.runIn(['succeeded'], big, 30_000)
  await visitor.go(`/runs/${big}`)
  const items = page.getByRole('region', { name: 'Items', exact: true })
  await items.getByText('{"said":"Hello 1"}').waitFor()
  await items.evaluate(scrollTo, 1)
  await items.getByText('{"said":"Hello 100000"}').waitFor()
  await items.evaluate(scrollTo, 0.5)
  await items.getByText('{"said":"Hello 50000"}').waitFor()
  expect(await items.getByRole('row').count()).toBeLessThan(80)
  // In the time of the processor, which other work on the machine does not change much. A frame has 16 ms.
  expect(await scriptMsPerFrame(page)).toBeLessThan(16)
  expect(visitor.complaints).toEqual([])
})

/** What the page's scripts cost while the items are scrolled by three rows per frame. */
async function scriptMsPerFrame(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const spent = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics')
    return 1_000 * (metrics.find(({ name }) => name === 'ScriptDuration')?.value ?? Number.NaN)
  }
  const frames = 200
  const before = await spent()
  await page.evaluate(`new Promise((done) => {
    const items = document.querySelector('[role=region][aria-label=Items]')
    let left = ${frames}
    const scroll = () => {
      items.scrollTop += 3 * 38
      if (left-- > 0) requestAnimationFrame(scroll)
      else done()
    }
    requestAnimationFrame(scroll)
  })`)
  return ((await spent()) - before) / frames
}

it('keeps an item that is looked at up to date', async () => {
  const { system, given } = await begin()
  await using _ = system
  const run = await system.begin({ name: 'visit', model: 'users', ids: [1] })
  await using visitor = await Visitor.loggedIn(browser, system, `/runs/${run}`)
  const { page } = visitor
  await page.getByRole('row').filter({ hasText: 'active' }).getByRole('button', { name: '1' }).click()
  const item = page.getByRole('dialog', { name: 'Record 1' })
  await item.getByText('active').waitFor()
  given.gate.resolve()
  await item.getByText('succeeded').waitFor()
  await page.getByRole('status').getByText('The run is succeeded').waitFor({ state: 'attached' })
})

it('tells everything about one record, over all actions', async () => {
  const { system, given } = await begin()
  await using _ = system
  given.rude.add(7)
  given.gate.resolve()
  for (const name of ['greet', 'visit'])
    await system.runIn(
      ['failed', 'completed_with_failures', 'succeeded'],
      await system.begin({ name, model: 'users', ids: [6, 7] }),
    )
  await using visitor = await Visitor.loggedIn(browser, system, '/records')
  const { page } = visitor
  await page.getByLabel('Id', { exact: true }).fill('7')
  await page.getByRole('button', { name: 'Find' }).click()
  await page.getByText('In 2 runs').waitFor()
  await page.getByText('turned away').waitFor()
  await page.getByRole('link', { name: 'Visit' }).waitFor()
  await page.getByRole('button', { name: /Details of greet/ }).click()
  await page.getByRole('dialog', { name: 'Record 7' }).getByText('greeting 7').waitFor()

  await visitor.go('/records?record=none')
  await page.getByText('Nothing is known about this record').waitFor()
  expect(visitor.complaints).toEqual([])
})
