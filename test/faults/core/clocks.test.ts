import { expect, it } from 'vitest'
import { setTimeout as pause } from 'node:timers/promises'
import { range } from '../../harness/range.js'
import { until } from '../../harness/until.js'
import { callsPerRecord } from '../harness/installation.js'
import { begin, beginEach, PATIENT, skewedBy, startCore } from './start.js'

const TEN_MINUTES = 10 * 60_000
const EIGHT_DAYS = 8 * 24 * 3_600_000

it.each([
  ['ahead', TEN_MINUTES],
  ['behind', -TEN_MINUTES],
])('P19: a worker ten minutes %s runs what is to start soon, and its times are Redis’s', async (_, skew) => {
  await using installation = await startCore({ workers: 0 })
  await installation.addWorker(skewedBy(skew))
  await until('the gateway to be ready', async () => (await installation.get('/readyz')).status === 200)

  const before = Date.now()
  const run = await begin(installation, { name: 'soon', ids: range(1, 5) })
  const ended = (await installation.runIn(['succeeded', 'expired'], run, 10_000)) as unknown as Record<string, string>
  const after = Date.now()

  expect(ended['state']).toBe('succeeded')
  expect(callsPerRecord(await installation.calls(run))).toEqual(new Map(range(1, 5).map((id) => [id, 1])))
  const item = (await installation.items(run))[0] as unknown as Record<string, string>
  for (const time of [
    ended['createdAt'],
    ended['startedAt'],
    ended['finishedAt'],
    item['startedAt'],
    item['finishedAt'],
  ]) {
    expect(Date.parse(time ?? '')).toBeGreaterThanOrEqual(before - 50)
    expect(Date.parse(time ?? '')).toBeLessThanOrEqual(after + 50)
  }
})

it.each([
  ['ahead', TEN_MINUTES],
  ['behind', -TEN_MINUTES],
])('P19: a gateway ten minutes %s accepts runs that are to start soon', async (_, skew) => {
  await using installation = await startCore({ gateways: 0, workers: 0 })
  await installation.addGateway(skewedBy(skew))
  await installation.addWorker()
  await until('the gateway to be ready', async () => (await installation.get('/readyz')).status === 200)

  const before = Date.now()
  const run = await begin(installation, { name: 'soon', id: 1 })
  const ended = (await installation.runIn(['succeeded', 'expired'], run, 10_000)) as unknown as Record<string, string>

  expect(ended['state']).toBe('succeeded')
  expect(Math.abs(Date.parse(ended['createdAt'] ?? '') - before)).toBeLessThan(2_000)
})

it.each([
  ['on', TEN_MINUTES],
  ['back', -TEN_MINUTES],
])('P19: a clock that is set %s ten minutes times no handler out, and loses nothing', async (_, step) => {
  await using installation = await startCore({ workers: 0 })
  const worker = await installation.addWorker(skewedBy(0, step))
  await installation.addWorker()
  await until('the gateway to be ready', async () => (await installation.get('/readyz')).status === 200)
  const run = await begin(installation, { name: 'steady', ids: range(1, 80) })
  await until('the worker to be at work', async () =>
    (await installation.calls(run)).some(({ pid }) => pid === worker.pid),
  )

  worker.signal('SIGUSR2')

  const ended = await installation.runIn(['succeeded', 'completed_with_failures', 'failed'], run, 10_000)
  expect(ended.counts.succeeded).toBe(80)
  expect(Math.max(...callsPerRecord(await installation.calls(run)).values())).toBe(1)
})

it('P19: pauses between attempts are as long as they are declared, whatever the clocks of the workers', async () => {
  await using installation = await startCore({ workers: 0, env: PATIENT })
  for (const skew of [TEN_MINUTES, 0, -TEN_MINUTES]) await installation.addWorker(skewedBy(skew))
  await until('the gateway to be ready', async () => (await installation.get('/readyz')).status === 200)

  const runs = await beginEach(installation, 'pauses', range(1, 30))
  runs.push(await begin(installation, { name: 'pauses', ids: range(1, 30) }))
  for (const run of runs) await installation.runIn(['succeeded'], run, 12_000)

  const times = new Map<string, number[]>()
  for (const { run, ids, at } of await installation.calls())
    times.set(`${run} ${ids[0]}`, [...(times.get(`${run} ${ids[0]}`) ?? []), at])
  const pauses = [...times.values()].map(([first = 0, second = 0]) => second - first)
  expect(pauses.length).toBe(60)
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(1_950)
  expect(Math.max(...pauses)).toBeLessThan(4_000)
})

it('P19: a worker eight days ahead removes no run', async () => {
  await using installation = await startCore({ workers: 1 })
  const runs = await beginEach(installation, 'noop', range(1, 20))
  for (const run of runs) await installation.runIn(['succeeded'], run)
  await installation.workers[0]?.kill()
  await installation.addWorker(skewedBy(EIGHT_DAYS))

  const later = await begin(installation, { name: 'noop', id: 1 })
  await installation.runIn(['succeeded'], later)
  // Ten turns of maintenance: nothing tells that nothing is removed.
  await pause(2_000)

  for (const run of [...runs, later]) expect((await installation.get(`/api/runs/${run}`)).status).toBe(200)
  const list = (await (await installation.get('/api/runs?limit=1000')).json()) as { runs: unknown[] }
  expect(list.runs.length).toBe(21)
})
