import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Installation } from '../faults/harness/installation.js'
import { range } from '../harness/range.js'
import { until } from '../harness/until.js'
import { launch, Visitor } from './harness/page.js'

const TOKEN = 'operators-own-token'
const AUTH_TOKENS = `tester:admin:fault-tests-token,olga:operator:${TOKEN}`

let browser: Browser
let installation: Installation

beforeAll(async () => {
  browser = await launch()
  installation = await Installation.start({ workers: 2, env: { AUTH_TOKENS }, syncAlways: false })
})

afterAll(async () => {
  await installation[Symbol.asyncDispose]()
  await browser.close()
})

it('runs an action, from the login to the last outcome, on processes as operators start them', async () => {
  await using visitor = await Visitor.open(browser, { url: installation.url() })
  const { page } = visitor
  await visitor.go('/')
  await page.getByLabel('Token').fill(TOKEN)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('link', { name: /^Run Work/ }).click()
  await page.getByText('Paste ids').click()
  await page.getByRole('textbox', { name: 'Ids' }).fill(range(1, 300).join(' '))
  await page.getByRole('button', { name: 'Run on 300 records' }).click()
  await page.getByText('300 of 300 items').waitFor()
  await page.getByRole('link', { name: 'Workers and queues' }).click()
  await page.getByText('2 live workers').waitFor()
  expect(visitor.complaints).toEqual([])
})

it('costs the gateway under 5 % of a core to show a run of 100,000 items while it goes on', async () => {
  const run = await installation.begin({ name: 'bulk', model: 'users', ids: range(1, 100_000), params: { ms: 500 } })
  await installation.runIn(['running'], run)
  const without = await costUntil(run, 0.3)

  await using visitor = await Visitor.open(browser, { url: installation.url() })
  await visitor.page.request.post(`${installation.url()}/api/session`, { data: { token: TOKEN } })
  await visitor.go(`/runs/${run}`)
  await visitor.page.getByText(/items\/s/).waitFor()
  const withPage = await costUntil(run, 0.8)
  await installation.steer(run, 'cancel')
  await visitor.page.getByText('cancelled', { exact: true }).first().waitFor()
  expect(withPage - without).toBeLessThan(5)
  expect(visitor.complaints).toEqual([])
})

/** Per cent of a core that the gateway takes until a part of the run's items has ended. */
async function costUntil(run: string, part: number): Promise<number> {
  const [cpu, at] = [gatewayCpuMs(), performance.now()]
  await until(
    `${part} of the items to have ended`,
    async () => {
      const { counts, total } = await installation.run(run)
      return total - counts.waiting - counts.active >= part * total
    },
    60_000,
  )
  return (100 * (gatewayCpuMs() - cpu)) / (performance.now() - at)
}

/** Linux counts it in hundredths of a second. */
function gatewayCpuMs(): number {
  const [gateway] = installation.gateways
  const [, numbers = ''] = readFileSync(`/proc/${gateway?.pid}/stat`, 'utf8').split(') ')
  const [user, system] = numbers.split(' ').slice(11, 13)
  return 10 * (Number(user) + Number(system))
}
