import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { System, TOKENS } from '../harness/system.js'
import { until } from '../harness/until.js'
import { company, type Company } from './harness/company.js'
import { launch, Visitor } from './harness/page.js'

let browser: Browser
let system: System
let given: Company
let ended: string
let going: string

beforeAll(async () => {
  browser = await launch()
  given = company()
  given.rude.add(4)
  system = await System.start({ ...given, shared: true })
  ended = await system.begin({ name: 'greet', model: 'users', ids: range(1, 60) })
  await system.runIn(['completed_with_failures'], ended)
  going = await system.begin({ name: 'visit', model: 'users', ids: range(1, 20) })
  await system.runIn(['running'], going)
})

afterAll(async () => {
  given.gate.resolve()
  await system.stop()
  await browser.close()
})

const SCREENS: [name: string, path: () => string, shown: string][] = [
  ['actions', () => '/actions', 'Without a collection'],
  ['form', () => '/actions/every_field.common', 'Exact'],
  ['selection', () => '/actions/greet.records.users', 'User number 1'],
  ['runs', () => '/runs', 'visit'],
  ['run', () => `/runs/${ended}`, 'turned away'],
  ['running', () => `/runs/${going}`, 'active 2'],
  ['record', () => '/records?record=4&model=users', 'turned away'],
  ['workers', () => '/workers', 'live worker'],
  ['wire', () => '/wire', 'Request'],
  ['nowhere', () => '/runs/00000000000000000000', 'There is no such run'],
]

type Shown = Parameters<Page['getByRole']>

/** What opens over a page: where, how, and by what one sees that it is open. */
const OPENED: [name: string, path: () => string, open: (page: Page) => Promise<void>, shown: Shown][] = [
  ['refused form', () => '/actions/every_field.common', refuse, ['alert']],
  [
    'calendar',
    () => '/actions/every_field.common',
    (page) => page.getByLabel(/^At\b/).click(),
    ['dialog', { name: /At/ }],
  ],
  ['times', () => '/runs', (page) => page.getByText('Any time').click(), ['dialog']],
  ['question', () => `/runs/${ended}`, (page) => page.getByRole('button', { name: /^Retry/ }).click(), ['dialog']],
  ['downloads', () => `/runs/${ended}`, (page) => page.getByRole('button', { name: 'CSV' }).click(), ['menuitem']],
  ['item', () => `/runs/${ended}`, (page) => page.getByRole('button', { name: '4', exact: true }).click(), ['dialog']],
  [
    'what was sent',
    () => `/runs/${ended}`,
    (page) => page.getByRole('tab', { name: 'What was sent' }).click(),
    ['region', { name: 'Form' }],
  ],
  ['you', () => '/actions', (page) => page.getByRole('button', { name: 'You' }).click(), ['menuitem']],
]

/** Fills the editors with something of every colour, and sends the form as it is. */
async function refuse(page: Page): Promise<void> {
  for (const [name, text] of [
    ['Json', '{"a": [1, null, true], "b": "text"}'],
    ['Query', "select id, 'x' from users where age > 30 -- old"],
    ['Code', 'const twice = (a) => `${a}` + 2 // once more'],
  ] as const) {
    await page.getByRole('textbox', { name, exact: true }).click()
    await page.keyboard.press('Control+A')
    await page.keyboard.insertText(text)
  }
  await page.getByRole('button', { name: 'Run' }).click()
}

const LOOKS: Record<string, BrowserContextOptions> = {
  light: {},
  dark: { colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
}

describe.each(Object.entries(LOOKS))('%s', (look, options) => {
  it('has no barriers, fits the window, and asks nobody else', async () => {
    await using visitor = await Visitor.loggedIn(browser, system, '/actions', options)
    const found: Record<string, unknown> = {}
    for (const [name, path, shown] of SCREENS) {
      await visitor.go(path())
      await visitor.page.getByText(shown).first().waitFor()
      const barriers = await visitor.barriers()
      if (barriers.length > 0) found[name] = barriers
      if (await visitor.overflows()) found[`${name} overflows`] = true
      if (look !== 'light' && ['run', 'actions'].includes(name)) await visitor.screenshot(`${name}-${look}`)
      if (look === 'light' && ['actions', 'selection', 'runs', 'wire'].includes(name)) await visitor.screenshot(name)
    }
    expect(found).toEqual({})
    expect(visitor.complaintsBut(/status of 404/)).toEqual([])
  })

  it('has no barriers in what opens over a page, nor in a form that was refused', async () => {
    await using visitor = await Visitor.loggedIn(browser, system, '/actions', options)
    const { page } = visitor
    const found: Record<string, unknown> = {}
    for (const [name, path, open, shown] of OPENED) {
      await visitor.go(path())
      await open(page)
      await page
        .getByRole(...shown)
        .first()
        .waitFor()
      // Not while it is still half transparent.
      await until('it to be still', async () => (await page.evaluate('document.getAnimations().length')) === 0)
      const barriers = await visitor.barriers()
      if (barriers.length > 0) found[name] = barriers
      if (await visitor.overflows()) found[`${name} overflows`] = true
    }
    expect(found).toEqual({})
  })
})

it('says on a phone, too, what happened to a record', async () => {
  await using visitor = await Visitor.loggedIn(browser, system, `/runs/${ended}`, LOOKS.phone)
  const message = visitor.page.getByRole('cell', { name: 'turned away' })
  await message.waitFor()
  const { width, height } = (await message.boundingBox()) ?? { width: 0, height: 0 }
  expect([width > 140, height < 60]).toEqual([true, true])
})

it('has no barriers at the door', async () => {
  await using visitor = await Visitor.open(browser, system)
  await visitor.go('/')
  await visitor.page.getByLabel('Token').waitFor()
  expect(await visitor.barriers()).toEqual([])
  expect(visitor.complaints).toEqual([])
})

it('can be used with the keyboard alone', async () => {
  await using visitor = await Visitor.loggedIn(browser, system, '/actions/recount.collection.users')
  const { page } = visitor
  await page.getByRole('button', { name: 'Run' }).waitFor()
  const focused = page.locator('button[type=submit]:focus')
  for (let presses = 0; presses < 30 && (await focused.count()) === 0; presses++) {
    await page.keyboard.press('Tab')
  }
  await page.keyboard.press('Enter')
  await page.waitForURL('**/runs/*')
  await page.getByText('"counted": 250').waitFor()
})

it('can be switched to other colours, and stays so', async () => {
  await using visitor = await Visitor.loggedIn(browser, system, '/actions')
  const { page } = visitor
  await page.getByRole('button', { name: 'Use dark colours' }).click()
  await page.reload()
  await page.getByRole('button', { name: 'Use light colours' }).waitFor()
})

it('is small at the first load, compressed, and cached for good', async () => {
  await using visitor = await Visitor.open(browser, system)
  let bytes = 0
  const answers: Promise<void>[] = []
  visitor.page.on('response', (response) => {
    const { pathname } = new URL(response.url())
    if (pathname.startsWith('/assets/')) {
      expect(response.headers()['cache-control']).toContain('immutable')
      expect(response.headers()['content-encoding']).toMatch(/^(br|gzip)$/)
    }
    answers.push(
      response
        .request()
        .sizes()
        .then(({ responseBodySize }) => void (bytes += responseBodySize)),
    )
  })
  await visitor.go('/')
  await visitor.page.getByLabel('Token').fill(TOKENS.operator)
  await visitor.page.keyboard.press('Enter')
  await visitor.page.getByText('Without a collection').waitFor()
  await Promise.all(answers)
  expect(bytes).toBeLessThan(300_000)

  const page = await fetch(`${system.url}/runs/anything`)
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self';")
  expect((await fetch(`${system.url}/api/nothing`)).headers.get('content-type')).toContain('json')
  for (const path of ['/nothing', '//queues/api/queues']) {
    expect((await fetch(system.url + path)).status).toBe(401)
    expect((await system.get(path)).status).toBe(404)
  }
  expect((await fetch(`${system.url}/healthz`)).headers.get('content-type')).toContain('json')
})
