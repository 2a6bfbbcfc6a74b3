import { expect, it } from 'vitest'
import { range } from '../../harness/range.js'
import { until } from '../../harness/until.js'
import type { AppProcess } from '../harness/app-process.js'
import type { Installation } from '../harness/installation.js'
import { begin, beginEach, startCore } from './start.js'

/** Stops the worker, and returns how it ended, and what it began later than a moment after it was told. */
async function stop(installation: Installation, worker: AppProcess | undefined) {
  const told = Date.now()
  worker?.signal('SIGTERM')
  const exit = await worker?.exited(10_000)
  const calls = (await installation.calls()).filter(({ what, at }) => what === 'begin' && at > told)
  // A signal takes a moment to be heard by a process that has much to do.
  return { exit, begunAfter: calls.length, begunLate: calls.filter(({ at }) => at > told + 250).length }
}

it('P8: a worker that is stopped during maintenance of 3,000 open runs begins nothing more, and ends in order', async () => {
  await using installation = await startCore({ workers: 1, env: { RECONCILE_EVERY: '100ms' } })
  await installation.workers[0]?.kill()
  await beginEach(installation, 'twenty', range(1, 3_000), { ms: 200 })
  const worker = await installation.addWorker()
  await until('work to be going on', async () => (await installation.calls()).length > 100)

  const { exit, begunAfter, begunLate } = await stop(installation, worker)

  expect.soft(begunLate).toBe(0)
  expect.soft(begunAfter).toBeLessThanOrEqual(2 * 20)
  expect(exit).toEqual({ code: 0, signal: null })
})

it('P8: so does one whose list() hangs', async () => {
  await using installation = await startCore({ workers: 1, env: { RECONCILE_EVERY: '100ms' } })
  for (let n = 0; n < 3; n++) await begin(installation, { name: 'visit_hanging', ids: [1], inverseIds: true })
  await beginEach(installation, 'twenty', range(1, 500), { ms: 200 })

  const { exit, begunAfter, begunLate } = await stop(installation, installation.workers[0])

  expect.soft(begunLate).toBe(0)
  expect.soft(begunAfter).toBeLessThanOrEqual(2 * 20)
  expect(exit).toEqual({ code: 0, signal: null })
})
