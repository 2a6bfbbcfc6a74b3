import { writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { until } from '../harness/until.js'
import { Installation, type RunBody } from './harness/installation.js'

/** What garbage may take at times. Anything kept for each of a million records would take more. */
const LITTLE_MB = 80

it('P9: 1,000,000 records by all except cost neither the gateway nor a worker memory', async () => {
  await using installation = await Installation.start({ env: { USERS: '1000000' }, syncAlways: false })
  const apps = [installation.gateways[0], installation.workers[0]].filter((app) => app !== undefined)
  const all = async (): Promise<RunBody> => {
    return installation.runIn(
      ['succeeded'],
      await installation.begin({ name: 'silent', ids: [3], inverseIds: true }),
      60_000,
    )
  }
  // Once, so that what is loaded and compiled at first use, and the room that a busy process takes, is not counted.
  await all()
  const idle = apps.map((app) => {
    app.forgetPeak(writeFileSync)
    return app.memory.now
  })

  const ended = await all()

  expect(ended.counts.succeeded).toBe(999_999)
  for (const [at, app] of apps.entries()) expect(app.memory.peak - (idle[at] ?? 0)).toBeLessThan(LITTLE_MB)
})

it('P12: one record of a second run begins within a call and 100 ms, while 100,000 of the first are on', async () => {
  await using installation = await Installation.start({ workers: 2, syncAlways: false })
  const large = await installation.begin({ name: 'work', ids: range(1, 100_000), params: { ms: 20 } })
  await until('both workers to be at work', async () => {
    return new Set((await installation.calls(large)).map(({ pid }) => pid)).size === 2
  })

  const waits: number[] = []
  for (let n = 0; n < 20; n++) {
    const sent = Date.now()
    const run = await installation.begin({ name: 'work', id: n, params: { ms: 0 } })
    const [begun] = await until('it to be called', async () => {
      const calls = await installation.calls(run)
      return calls.length > 0 && calls
    })
    waits.push((begun?.at ?? 0) - sent)
  }
  await installation.steer(large, 'cancel')

  // A call, 100 ms, and a little for the clients and the log; one of twenty may meet a machine that is busy otherwise.
  const [, second] = waits.sort((a, b) => b - a)
  expect(second).toBeLessThan(20 + 100 + 50)
})

it('limits over all workers hold, although one of them is killed', async () => {
  await using installation = await Installation.start({ workers: 3, syncAlways: false })
  const narrow = await installation.begin({ name: 'narrow', ids: range(1, 300) })
  const paced = await installation.begin({ name: 'paced', ids: range(1, 120) })
  await until('some to have been called', async () => (await installation.calls(paced)).length > 50)
  const dead = installation.workers[0]
  await dead?.kill()
  const diedAt = Date.now()
  await installation.runIn(['succeeded'], narrow)
  await installation.runIn(['succeeded'], paced)

  let now = 0
  let most = 0
  let open = 0
  for (const { what, pid, at } of await installation.calls(narrow)) {
    now += what === 'begin' ? 1 : -1
    if (pid === dead?.pid && at <= diedAt) open += what === 'begin' ? 1 : -1
    most = Math.max(most, now)
  }
  // Calls of the dead one have no end: they count until their turn has expired, so never more than that many on top.
  expect(most).toBeLessThanOrEqual(3 + open)
  const begun = (await installation.calls(paced)).map(({ at }) => at).sort((a, b) => a - b)
  const spans = begun.slice(20).map((at, n) => at - (begun[n] ?? 0))
  expect(Math.min(...spans)).toBeGreaterThanOrEqual(499) // the log's clock has whole milliseconds
})
