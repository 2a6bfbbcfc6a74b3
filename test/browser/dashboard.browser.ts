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

it('works under a policy that allows nothing inline and no other host', async () => {
  const run = await system.begin({ name: 'greet', model: 'users', ids: [1] })
  await system.runIn(['succeeded'], run)
  await using visitor = await Visitor.loggedIn(browser, system, '/queues', { role: 'admin' })
  const { page } = visitor
  const queue = page.getByText('greet.records.users').first()
  await queue.waitFor()
  await queue.click()
  await page.waitForURL('**/queues/queue/greet.records.users**')
  await page.getByText(`run ${run}`).first().waitFor()
  await visitor.go(`/queues/queue/greet.records.users/${run}-0`)
  await page.getByText(`run ${run}`).first().waitFor()

  const answer = await fetch(`${system.url}/queues`, { headers: { authorization: `Token ${TOKENS.viewer}` } })
  const policy = answer.headers.get('content-security-policy') ?? ''
  expect(policy).not.toContain('unsafe')
  expect(policy).toContain("frame-ancestors 'none'")
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  expect(answer.headers.get('referrer-policy')).toBe('same-origin')
  expect(visitor.complaints).toEqual([])
})

it('cannot be framed, and neither can the console', async () => {
  await using visitor = await Visitor.loggedIn(browser, system, '/actions', { role: 'admin' })
  const { page } = visitor
  for (const path of ['/queues', '/', '/api/']) {
    const answer = await page.request.get(system.url + path)
    expect([path, answer.headers()['x-frame-options']]).toEqual([path, 'DENY'])
    expect([path, answer.headers()['content-security-policy']?.includes("frame-ancestors 'none'")]).toEqual([
      path,
      true,
    ])
  }
})
