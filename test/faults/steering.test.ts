import { expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { until } from '../harness/until.js'
import { callsPerRecord, Installation } from './harness/installation.js'

it('P7: after a cancel no handler is called any more, anywhere, and running ones are told to stop', async () => {
  await using installation = await Installation.start({ gateways: 2, workers: 4 })
  const [first, second] = installation.gateways
  const answer = await installation.execute({ name: 'heed', ids: range(1, 10_000), params: { ms: 300 } }, {}, first)
  const run = answer.headers.get('x-run-id') ?? ''
  await until('all workers to be at work', async () => {
    return new Set((await installation.calls(run)).map(({ pid }) => pid)).size === 4
  })

  const cancelledAt = Date.now()
  const cancelled = await installation.steer(run, 'cancel', second)

  expect(cancelled.status).toBe(200)
  const ended = await installation.runIn(['cancelled'], run, 5_000)
  const calls = await installation.calls(run)
  expect(Math.max(...calls.filter(({ what }) => what === 'begin').map(({ at }) => at)) - cancelledAt).toBeLessThan(
    1_000,
  )
  const told = calls.filter(({ what }) => what === 'aborted')
  expect(told.length).toBeGreaterThan(0)
  expect(Math.max(...told.map(({ at }) => at)) - cancelledAt).toBeLessThan(1_000)
  expect(ended.counts).toEqual({
    waiting: 0,
    active: 0,
    succeeded: calls.filter(({ what }) => what === 'end').length,
    failed: 0,
    skipped: 0,
    cancelled: 10_000 - calls.filter(({ what }) => what === 'end').length,
    expired: 0,
  })
})

it('cancels a run although the worker that holds its batches has died', async () => {
  await using installation = await Installation.start({ workers: 1, env: { STALL_AFTER: '3s' } })
  // A call that lasts: whenever the worker is killed, it holds a batch.
  const run = await installation.begin({ name: 'work', ids: range(1, 2_000), params: { ms: 30_000 } })
  await installation.runIn(['running'], run)
  await installation.workers[0]?.kill()

  const answer = (await (await installation.steer(run, 'cancel')).json()) as { state: string; cancelling?: true }
  await installation.addWorker()

  expect([answer.state, answer.cancelling]).toEqual(['running', true])
  await installation.runIn(['cancelled'], run, 10_000)
})

it('a retry calls failed records alone, although a worker is killed during it', async () => {
  await using installation = await Installation.start({ workers: 2 })
  const run = await installation.begin({ name: 'flaky', ids: range(1, 2_000) })
  await installation.runIn(['completed_with_failures'], run)
  const before = callsPerRecord(await installation.calls(run))

  expect((await installation.steer(run, 'retry')).status).toBe(200)
  await until('the retry to have begun', async () => (await installation.calls(run)).length > 4_100)
  await installation.workers[0]?.kill()

  expect((await installation.runIn(['succeeded'], run)).counts).toMatchObject({ succeeded: 2_000, failed: 0 })
  const after = callsPerRecord(await installation.calls(run))
  const calledAgain = [...after].filter(([id, times]) => times > (before.get(id) ?? 0)).map(([id]) => Number(id))
  expect(calledAgain.sort((a, b) => a - b)).toEqual(range(1, 200).map((n) => n * 10))
})

it('a paused run stays paused over the death of all workers, and then calls each record once', async () => {
  // Nothing is to be recovered here: a machine that is slow for a second must not look like a dead worker.
  await using installation = await Installation.start({ gateways: 2, workers: 2, env: { STALL_AFTER: '10s' } })
  const run = await installation.begin({ name: 'work', ids: range(1, 2_000), params: { ms: 10 } })
  await until('work to be going on', async () => (await installation.calls(run)).length > 100)

  await installation.steer(run, 'pause', installation.gateways[1])
  // A worker that took a batch just before the pause may begin its calls before it hears of it.
  await until('all batches to have been given back', async () => (await installation.batchesInHand()) === 0)
  const whenPaused = (await installation.calls(run)).length
  for (const worker of installation.workers) await worker.kill()
  await installation.addWorker()
  // The new worker works: other runs go on, the paused one does not.
  await installation.runIn(['succeeded'], await installation.begin({ name: 'work', ids: range(1, 50) }))
  expect((await installation.calls(run)).length).toBe(whenPaused)
  await installation.steer(run, 'resume', installation.gateways[0])

  expect((await installation.runIn(['succeeded'], run)).counts.succeeded).toBe(2_000)
  expect([...callsPerRecord(await installation.calls(run))].filter(([, times]) => times > 1)).toEqual([])
})

it('all except: a listing goes on where a killed worker stopped, and no record is visited twice or left out', async () => {
  await using installation = await Installation.start({ workers: 2, env: { USERS: '20000' } })
  const run = await installation.begin({ name: 'work', ids: [5, '6', 19_999], inverseIds: true })
  await until('the listing to be going on', async () => (await installation.run(run)).total > 0)
  await installation.workers[0]?.kill()
  await installation.workers[1]?.kill()
  await installation.addWorker()

  const ended = await installation.runIn(['succeeded'], run)

  expect(ended.total).toBe(19_997)
  const ids = (await installation.items(run)).map(({ id }) => id)
  expect(ids).toEqual(range(1, 20_000).filter((id) => ![5, 6, 19_999].includes(id)))
  expect(callsPerRecord(await installation.calls(run)).has(5)).toBe(false)
})
