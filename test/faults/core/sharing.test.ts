import { expect, it } from 'vitest'
import { range } from '../../harness/range.js'
import { until } from '../../harness/until.js'
import { type CallLine, callsPerRecord, type Installation, type RunBody } from '../harness/installation.js'
import { begin, beginEach, PATIENT, startCore } from './start.js'

const begins = (calls: readonly CallLine[]): CallLine[] => calls.filter(({ what }) => what === 'begin')
const runList = async (installation: Installation): Promise<RunBody[]> =>
  ((await (await installation.get('/api/runs?limit=1000')).json()) as { runs: RunBody[] }).runs

it('P13: a worker that starts has its share of waiting runs within 2 s, and half of the rest', async () => {
  await using installation = await startCore({ workers: 1, env: PATIENT })
  await beginEach(installation, 'five', range(1, 130), { ms: 1_000 })
  await until('the first worker to have ended some', async () => (await installation.calls()).length >= 10)
  const running = (await runList(installation)).filter(({ state }) => state === 'running')
  const second = await installation.addWorker()
  const ready = Date.now()

  const ended = await until(
    'all runs to end',
    async () => {
      const ends = (await installation.calls()).filter(({ what }) => what === 'end')
      return ends.length === 130 && ends
    },
    40_000,
  )

  // A run is running once its first call has begun, not when some worker has it in its hands.
  expect.soft(running.length).toBeLessThanOrEqual(5 + 2)
  const calls = begins(await installation.calls())
  const rest = calls.filter(({ at }) => at > ready)
  const ofSecond = rest.filter(({ pid }) => pid === second.pid)
  expect.soft((ofSecond[0]?.at ?? Infinity) - ready).toBeLessThan(2_000)
  expect.soft(ofSecond.length / rest.length).toBeGreaterThan(0.4)
  // Ten slots; and a second in which what the first worker had begun ends.
  const ideal = (rest.length / 10) * 1_000
  expect(Math.max(...ended.map(({ at }) => at)) - ready).toBeLessThan(1.2 * ideal + 1_000)
})

it('P13: nothing waits at a worker that computes while another is free', async () => {
  await using installation = await startCore({ workers: 2, env: PATIENT })
  const ask = async (id: number): Promise<number> => {
    const began = performance.now()
    const answer = await installation.execute({ name: 'five', id, params: { ms: 0 } }, { prefer: 'wait=10' })
    expect(answer.status).toBe(201)
    return performance.now() - began
  }
  for (const id of range(1, 20)) await ask(id)
  const busy = await begin(installation, { name: 'compute', id: 1, params: { ms: 4_000 } })
  await until('it to be computing', async () => (await installation.calls(busy)).length === 1)

  const waits: number[] = []
  for (let id = 100; (await installation.calls(busy)).length === 1; id++) waits.push(await ask(id))

  // What was being handed to the worker as it began to compute may wait for it.
  expect(waits.length).toBeGreaterThan(20)
  expect(waits.sort((a, b) => b - a)[1]).toBeLessThan(500)
})

it('one large run is shared evenly to its end, and the death of a worker costs a second of its work', async () => {
  await using installation = await startCore({ workers: 4, env: { ...PATIENT, STALL_AFTER: '2s' } })
  const time = async (run: string, withinMs: number): Promise<number> => {
    await installation.runIn(['succeeded'], run, withinMs)
    const calls = await installation.calls(run)
    return Math.max(...calls.map(({ at }) => at)) - Math.min(...calls.map(({ at }) => at))
  }
  const form = { name: 'five', params: { ms: 400 } }
  const whole = await begin(installation, { ...form, ids: range(1, 400) })
  const took = await time(whole, 30_000)
  const broken = await begin(installation, { ...form, ids: range(1, 240) })
  await until('a third to be done', async () => (await installation.calls(broken)).length > 160)

  await installation.workers[0]?.kill()
  const tookBroken = await time(broken, 40_000)

  expect.soft(took).toBeLessThan((1.2 * (400 * 400)) / 20)
  expect.soft(tookBroken).toBeLessThan((240 * 400) / 20 + 2_000 + 5_000)
  const repeats = [...callsPerRecord(await installation.calls(broken)).values()].reduce((sum, n) => sum + n - 1, 0)
  expect(repeats).toBeLessThanOrEqual(20)
})

it('runs that have not begun within startWithin expire, and are never called', async () => {
  await using installation = await startCore({ workers: 1 })
  const sent = range(1, 6).map((id) => begin(installation, { name: 'timely', id, params: { ms: 2_000 } }))
  const runs = await Promise.all(sent)

  const ended = await Promise.all(runs.map((run) => installation.runIn(['succeeded', 'expired'], run, 15_000)))

  // One begins at once, one after 2 s; the others would begin after 4 s.
  expect(ended.map(({ state }) => state).sort()).toEqual([
    'expired',
    'expired',
    'expired',
    'expired',
    'succeeded',
    'succeeded',
  ])
  const called = new Set((await installation.calls()).map(({ run }) => run))
  expect(ended.filter(({ id }) => called.has(id)).map(({ state }) => state)).toEqual(['succeeded', 'succeeded'])
})
