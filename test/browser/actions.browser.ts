import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { System } from '../harness/system.js'
import { until } from '../harness/until.js'
import { company, type Company, MANY_USERS } from './harness/company.js'
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
  await system.stop()
  await browser.close()
})

beforeEach(() => {
  given.forms.length = 0
})

it('lists the actions by collection, with who serves them', async () => {
  await using visitor = await Visitor.loggedIn(browser, system, '/actions')
  const { page } = visitor
  const users = page.getByRole('region', { name: 'users' })
  await users.getByText('Greet', { exact: true }).waitFor()
  expect(await users.getByText('1 worker').count()).toBe(3)
  await page.getByRole('region', { name: 'Without a collection' }).getByText('Has a field of each type').waitFor()

  await page.getByLabel('Find an action').fill('recount')
  await users.getByText('Greet', { exact: true }).waitFor({ state: 'detached' })
  expect(visitor.complaints).toEqual([])
})

it('fills a field of each of the 16 types, and the handler gets what was typed', async () => {
  await using visitor = await Visitor.loggedIn(browser, system, '/actions')
  const { page } = visitor
  await page.getByRole('link', { name: /^Run Every field/ }).click()
  const form = page.getByRole('form', { name: 'Every field' })
  await form.getByLabel('Yes').check()
  await form.getByLabel('Line').fill('a line')
  await form.getByLabel('Text').fill('two\nlines')
  await form.getByLabel('Title: en').fill('Hello')
  await form.getByLabel('Title: de').fill('Hallo')
  await form.getByLabel('Color').click()
  await page.getByRole('option', { name: 'Blue' }).click()
  await form.getByLabel('City').click()
  await form.getByLabel('City').fill('Li')
  await page.getByRole('option', { name: 'Linz a line' }).click()
  await form.getByLabel('Boss').click()
  await form.getByLabel('Boss').fill('number 77')
  await page.getByRole('option', { name: 'User number 77 (77)' }).click()
  for (const name of ['At', 'Stamp']) {
    await form.getByLabel(new RegExp(`^${name}\\b`)).click()
    await page.getByRole('dialog').getByRole('button', { name: /^15 / }).click()
    await page.keyboard.press('Escape')
  }
  await form.getByLabel('Day').fill('2026-03-04')
  await form.getByLabel('Time: hours').fill('09')
  await form.getByLabel('Time: minutes').fill('30')
  await form.getByLabel('Time: seconds').fill('15')
  for (const [name, text] of [
    ['Json', '{"a": [1, 2]}'],
    ['Query', 'select 1'],
    ['Code', 'return 1'],
  ] as const) {
    await form.getByRole('textbox', { name, exact: true }).click()
    await page.keyboard.press('Control+A')
    await page.keyboard.insertText(text)
  }
  await form.getByLabel('Whole').fill('42')
  await form.getByLabel('Real').fill('1.5')
  await form.getByLabel('Exact').fill('12345678901234567890.12345678901234567891')
  await visitor.screenshot('form')
  await form.getByRole('button', { name: 'Run' }).click()

  await page.waitForURL('**/runs/*')
  await page.getByText('"12345678901234567890.12345678901234567891"').first().waitFor()
  expect(given.forms).toEqual([
    {
      yes: true,
      line: 'a line',
      text: 'two\nlines',
      title: { en: 'Hello', de: 'Hallo' },
      color: 2,
      city: 'Linz',
      boss: 77,
      at: expect.any(Date) as Date,
      stamp: expect.any(Date) as Date,
      day: '2026-03-04',
      time: '09:30:15',
      json: { a: [1, 2] },
      query: 'select 1',
      code: 'return 1',
      whole: 42,
      real: 1.5,
      exact: '12345678901234567890.12345678901234567891',
    },
  ])
  expect(visitor.complaints).toEqual([])
})

it("shows the gateway's errors beside their fields, and lets one mend them", async () => {
  await using visitor = await Visitor.loggedIn(browser, system, '/actions/every_field.common')
  const { page } = visitor
  await page.getByLabel('Whole').fill('100')
  const json = page.getByRole('textbox', { name: 'Json', exact: true })
  await json.click()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText('{nope')
  await page.getByRole('button', { name: 'Run' }).click()
  await page.getByText('must be at most 99').waitFor()
  // All but the checkbox and what has a value: a text that is required may not be empty either.
  expect(await page.getByText('this field is required').count()).toBeGreaterThanOrEqual(8)
  const described = await page.getByLabel('Whole').getAttribute('aria-describedby')
  expect(await page.locator(`#${described?.split(' ').at(-1) ?? ''}`).textContent()).toContain('at most 99')
  // An editor says what is wrong with it as other inputs do.
  expect(await json.getAttribute('aria-invalid')).toBe('true')
  const told = await json.getAttribute('aria-describedby')
  expect(await page.locator(`#${told ?? ''}`).textContent()).toMatch(/JSON/i)
  // All is said once more where the person is, and the first of them has the focus.
  await page.getByRole('alert').getByText('Not run. Look at Line, Text, Title, Color, City, Boss').waitFor()
  await page
    .locator(':focus')
    .and(page.getByRole('textbox', { name: 'Line' }))
    .waitFor()
  await page.getByLabel('Whole').fill('99')
  await page.getByText('must be at most 99').waitFor({ state: 'detached' })
  expect(visitor.complaintsBut(/status of 400/)).toEqual([])
})

/** Runs `greet` after `choose`; returns the ids that the run was for. */
async function idsAfter(choose: (visitor: Visitor) => Promise<void>): Promise<unknown[]> {
  await using visitor = await Visitor.loggedIn(browser, system, '/actions/greet.records.users')
  const { page } = visitor
  await choose(visitor)
  await page.getByRole('button', { name: /^Run/ }).click()
  const question = page.getByRole('dialog').getByRole('button', { name: 'Run' })
  await Promise.race([page.waitForURL('**/runs/*'), question.click()])
  await page.waitForURL('**/runs/*')
  const id = page.url().split('/').at(-1) ?? ''
  await system.runIn(['succeeded'], id)
  expect(visitor.complaints).toEqual([])
  return (await system.items(id)).map((item) => item.id)
}

it('runs on records that were ticked over several pages and searches', async () => {
  const ids = await idsAfter(async ({ page }) => {
    await page.getByLabel('User number 3 (3)').check()
    await page.getByRole('button', { name: 'Next page' }).click()
    await page.getByLabel('User number 21 (21)').check()
    await page.getByLabel('Search in users').fill('number 249')
    await page.getByLabel('User number 249 (249)').check()
    await page.getByText('3 records chosen').waitFor()
  })
  expect(ids).toEqual([3, 21, 249])
})

it('runs on all, on all except some, and on ids that were pasted', async () => {
  const all = await idsAfter(({ page }) => page.getByText('All', { exact: true }).click())
  expect(all).toHaveLength(MANY_USERS)

  const allExcept = await idsAfter(async ({ page }) => {
    await page.getByText('All except').click()
    await page.getByLabel('User number 2 (2)').check()
  })
  expect(allExcept).toHaveLength(MANY_USERS - 1)
  expect(allExcept).not.toContain(2)

  const pasted = await idsAfter(async ({ page }) => {
    await page.getByText('Paste ids').click()
    await page.getByRole('textbox', { name: 'Ids' }).fill('7, 8;9\nabc 7')
    await page.getByText('4 ids').waitFor()
  })
  expect(pasted).toEqual([7, 8, 9, 'abc'])
})

it('asks before it runs on all, and Enter alone does nothing', async () => {
  await using visitor = await Visitor.loggedIn(browser, system, '/actions/greet.records.users')
  const { page } = visitor
  await page.getByText('All except').click()
  await page.getByLabel('User number 2 (2)').check()
  await page.setViewportSize({ width: 1280, height: 400 })
  await page.evaluate('scrollTo(0, 0)')
  // Within reach, though the form is longer than the window.
  const run = page.getByRole('button', { name: 'Run on all of users except 1' })
  expect((await run.boundingBox())?.y).toBeLessThan(400)
  await run.click()
  await page.locator('button:focus').getByText('Not now').waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(page.url()).toContain('/actions/')
})

it('never takes an empty selection for all', async () => {
  await using visitor = await Visitor.loggedIn(browser, system, '/actions/greet.records.users')
  const { page } = visitor
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await page.getByText('choose at least one record').waitFor()
})

it('shows a viewer neither an action nor its form', async () => {
  await using visitor = await Visitor.loggedIn(browser, system, '/actions/greet.records.users', { role: 'viewer' })
  await visitor.page.getByText('it is not yours to run').waitFor()
  await visitor.go('/actions')
  await visitor.page.getByText('There is no action that you may run').waitFor()
  expect(await visitor.page.getByText('greet').count()).toBe(0)
})

it('warns when nobody serves an action, and keeps what is run then', async () => {
  await using lonely = await System.start(company())
  for (const worker of lonely.workers.splice(0)) await worker.stop()
  await using visitor = await Visitor.loggedIn(browser, lonely, '/actions')
  const { page } = visitor
  await page.getByText('No worker is running').waitFor()
  await page.getByRole('link', { name: /^Run Recount/ }).click()
  await page.getByText('No worker serves this action now').waitFor()
  await page.getByRole('button', { name: 'Run' }).click()
  await page.waitForURL('**/runs/*')
  await page.getByText('The run waits until a worker').waitFor()
  await visitor.go('/workers')
  await page.getByRole('alert').getByText('Work waits, and no worker serves it').waitFor()

  await lonely.addWorker()
  await visitor.go('/runs')
  await page.getByText('succeeded').first().waitFor()
  await until('no complaint', () => visitor.complaints.length === 0)
})
