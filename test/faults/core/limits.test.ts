import { expect, it } from 'vitest'
import { range } from '../../harness/range.js'
import { until } from '../../harness/until.js'
import { callsPerRecord, type Installation } from '../harness/installation.js'
import { beginEach, PATIENT, startCore } from './start.js'

/** When the handlers of this action's runs began, in order. */
async function begun(installation: Installation): Promise<number[]> {
  const calls = (await installation.calls()).filter(({ what }) => what === 'begin')
  return calls.map(({ at }) => at).sort((a, b) => a - b)
}

it('1,500 runs behind a rate of 100 a second are called at that rate, and SIGTERM is heard meanwhile', async () => {
  await using installation = await startCore({ workers: 1, env: PATIENT })
  await installation.workers[0]?.kill()
  await beginEach(installation, 'paced', range(1, 1_500))
  const leaving = await installation.addWorker()
  await until('some to have been called', async () => (await begun(installation)).length >= 500, 10_000)

  await installation.addWorker()
  leaving.signal('SIGTERM')
  expect(await leaving.exited(4_000)).toEqual({ code: 0, signal: null })

  const calls = await until(
    'all to have been called',
    async () => {
      const all = await begun(installation)
      return all.length === 1_500 && all
    },
    20_000,
  )
  const spans = calls.slice(100).map((at, n) => at - (calls[n] ?? 0))
  expect(Math.min(...spans)).toBeGreaterThanOrEqual(999) // the log's clock has whole milliseconds
  // Fifteen turns, and one that the change of workers may cost.
  expect((calls.at(-1) ?? 0) - (calls[0] ?? 0)).toBeLessThan(16_000 * 1.1)
})

it('700 runs of a second fit into one worker with perWorker 1,000, and SIGTERM is heard meanwhile', async () => {
  await using installation = await startCore({ workers: 1, env: PATIENT })
  // They wait, so that all are begun at once.
  await installation.workers[0]?.kill()
  await beginEach(installation, 'wide', range(1, 700), { ms: 1_000 })
  const worker = await installation.addWorker()

  await until(
    'all to have ended',
    async () => (await installation.calls()).filter(({ what }) => what === 'end').length === 700,
    10_000,
  )
  worker.signal('SIGTERM')

  expect(await worker.exited(4_000)).toEqual({ code: 0, signal: null })
  expect(Math.max(...callsPerRecord(await installation.calls()).values())).toBe(1)
})
