import { expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { until } from '../harness/until.js'
import { callsPerRecord, checkCounts, Installation } from './harness/installation.js'

const sorted = (ids: Iterable<string | number>): (string | number)[] => [...ids].sort((a, b) => Number(a) - Number(b))

it('P4, P5: a killed worker’s items are called again, but for those whose outcome was recorded', async () => {
  await using installation = await Installation.start({ workers: 2 })
  const run = await installation.begin({ name: 'work', ids: range(1, 1_500), params: { ms: 20 } })
  await until('both workers to be at work', async () => (await installation.run(run)).counts.succeeded > 100)

  const recorded = await installation.items(run, 'succeeded')
  await installation.workers[0]?.kill()

  const ended = await installation.runIn(['succeeded'], run, 10_000)
  expect(ended.counts.succeeded).toBe(1_500)
  const calls = callsPerRecord(await installation.calls(run))
  expect(sorted(calls.keys())).toEqual(range(1, 1_500))
  expect(recorded.filter(({ id }) => calls.get(id) !== 1)).toEqual([])
  // What was going on, and what had returned within the last 100 ms: 20 slots of 20 ms each.
  const repeated = [...calls.values()].filter((times) => times > 1)
  expect(repeated.length).toBeLessThanOrEqual(20 + 100 + 20)
  expect(Math.max(0, ...repeated)).toBeLessThanOrEqual(2)
})

it('P2: the counts add up at every look, whoever dies', async () => {
  await using installation = await Installation.start({ workers: 2 })
  const run = await installation.begin({ name: 'flaky', ids: range(1, 4_000) })
  let looks = 0
  let done = false
  const looking = (async () => {
    while (!done) {
      checkCounts(await installation.run(run))
      looks++
    }
  })()
  await until('some to have ended', async () => (await installation.run(run)).counts.succeeded > 200)
  await installation.workers[0]?.kill()
  await installation.addWorker()
  const ended = await installation.runIn(['completed_with_failures', 'failed'], run)
  done = true
  await looking

  expect([ended.counts.succeeded, ended.counts.failed]).toEqual([3_600, 400])
  expect(looks).toBeGreaterThan(20)
})

it('P3: a worker that was frozen for too long brings its outcomes too late', async () => {
  await using installation = await Installation.start({ workers: 1 })
  const [frozen] = installation.workers
  const run = await installation.begin({ name: 'heed', ids: range(1, 5), params: { ms: 400 } })
  await until('the calls to be under way', async () => (await installation.calls(run)).length === 5)

  frozen?.signal('SIGSTOP')
  const other = await installation.addWorker()
  await until('the other to have done it', async () => {
    const ends = (await installation.calls(run)).filter(({ what, pid }) => what === 'end' && pid === other.pid)
    return ends.length === 5
  })
  const ended = await installation.runIn(['succeeded'], run)
  const before = await installation.items(run)
  frozen?.signal('SIGCONT')
  await until('the frozen one to have gone on', async () => {
    const lines = (await installation.calls(run)).filter(({ pid, what }) => pid === frozen?.pid && what !== 'begin')
    return lines.length === 5
  })
  // It may try to record, and is refused: a new run through it shows that it has had the time.
  await other.kill()
  await installation.runIn(['succeeded'], await installation.begin({ name: 'work', id: 1 }))

  expect(await installation.run(run)).toEqual(ended)
  expect(await installation.items(run)).toEqual(before)
  expect(before.map(({ attempts }) => attempts)).toEqual([1, 1, 1, 1, 1])
})

it('P8: a rolling restart under load loses nothing, repeats nothing, and spends no attempt', async () => {
  await using installation = await Installation.start({ workers: 2 })
  const runs = [
    await installation.begin({ name: 'heed', ids: range(1, 1_200), params: { ms: 30 } }),
    await installation.begin({ name: 'bulk', ids: range(1, 1_000), params: { ms: 100 } }),
    // Longer than the deadline: these are interrupted, and begin again elsewhere.
    await installation.begin({ name: 'heed', ids: range(1, 3), params: { ms: 3_000 } }),
  ]
  for (let turn = 0; turn < 2; turn++) {
    await until('work to be going on', async () => (await installation.calls(runs[0])).length > 150 * (turn + 1))
    await installation.addWorker()
    const leaving = installation.workers[turn]
    leaving?.signal('SIGTERM')
    expect(await leaving?.exited()).toEqual({ code: 0, signal: null })
  }

  for (const run of runs) await installation.runIn(['succeeded'], run)
  for (const run of runs) {
    const calls = await installation.calls(run)
    const aborted = new Set(calls.filter(({ what }) => what === 'aborted').flatMap(({ ids }) => ids))
    const repeated = [...callsPerRecord(calls)].filter(([id, times]) => times > 1 && !aborted.has(id))
    expect(repeated).toEqual([])
    expect((await installation.items(run)).filter(({ attempts }) => attempts !== 1)).toEqual([])
  }
})

it('P11: a record that kills its worker is isolated and fails alone', async () => {
  await using installation = await Installation.start({ workers: 1 })
  const ids = [...range(1, 60), 'poison', ...range(61, 120)]
  const run = await installation.begin({ name: 'touchy', ids })
  let deaths = 0
  let done = false
  // What a supervisor does.
  const supervising = (async () => {
    while (!done) {
      await until('a worker to end, or all to be done', () => done || !installation.workers.at(-1)?.alive, 30_000)
      if (done) return
      deaths++
      await installation.addWorker()
    }
  })()
  const ended = await installation.runIn(['completed_with_failures'], run, 30_000)
  done = true
  await supervising

  expect([ended.counts.succeeded, ended.counts.failed]).toEqual([120, 1])
  expect(deaths).toBe(2)
  expect(await installation.items(run, 'failed')).toMatchObject([
    {
      id: 'poison',
      message: 'its handler ended the worker process (exit code 7), repeatedly; it is not called again',
    },
  ])
})

it('recovers within 45 s at default settings', async () => {
  await using installation = await Installation.start({
    workers: 2,
    env: { STALL_AFTER: '20s', RECONCILE_EVERY: '15s', SHUTDOWN_DEADLINE: '30s' },
  })
  const run = await installation.begin({ name: 'work', ids: range(1, 200), params: { ms: 100 } })
  await until('both workers to be at work', async () => {
    return new Set((await installation.calls(run)).map(({ pid }) => pid)).size === 2
  })

  await installation.workers[0]?.kill()

  await installation.runIn(['succeeded'], run, 45_000)
})
