import { expect, it } from 'vitest'
import { range } from '../../harness/range.js'
import { until } from '../../harness/until.js'
import { type CallLine, type Installation, type RunBody } from '../harness/installation.js'
import { Proxy } from '../harness/proxy.js'
import { RedisView } from './redis-view.js'
import { startCore } from './start.js'

/** The ids of the collection 'people', which are long and in no order. */
const personId = (n: number): number => 1_000_000_000_000 + (Math.imul(n, 2_654_435_761) >>> 0)
const people = (count: number): number[] => range(0, count - 1).map(personId)
const called = (calls: readonly CallLine[]): Set<unknown> => new Set(calls.flatMap(({ ids }) => ids))

it.each<[string, boolean, number]>([
  ['excluded ids', true, 100_000],
  ['ids', false, 200_000],
])(
  'P1, P6: a run whose staged %s vanished while its gateway was frozen is not accepted',
  async (_, inverseIds, count) => {
    await using installation = await startCore({ workers: 1, env: { PEOPLE: String(count + 20) } })
    await using redis = await RedisView.open(installation.redis.url)
    const proxy = await Proxy.start(installation.redis.port)
    try {
      const gateway = await installation.addGateway({ REDIS_URL: installation.redisBehind(proxy) })
      await until('the gateway to be ready', async () => (await installation.get('/readyz', gateway)).status === 200)
      const params = { name: 'visit_people', ids: people(count), inverseIds }
      const expected = inverseIds ? [20, 20] : [count, count]
      const visitedBy = async (answer: Response): Promise<number[]> => {
        const run = await installation.runIn(['succeeded', 'failed'], answer.headers.get('x-run-id') ?? '', 15_000)
        return [run.total, called(await installation.calls(run.id)).size]
      }
      // Undisturbed, to know how much is sent.
      const before = proxy.bytes.toRedis
      const whole = await installation.execute(params, {}, gateway)
      const sent = proxy.bytes.toRedis - before
      expect(await visitedBy(whole)).toEqual(expected)

      let struck = 0
      for (const part of [0.3, 0.6, 0.9]) {
        const known = await redis.keys()
        proxy.holdAfter(part * sent)
        const asking = installation.execute(params, {}, gateway)
        await until('a part of the run to be staged', () => proxy.mode === 'hang')
        gateway.signal('SIGSTOP')
        // What was on its way arrives, and vanishes as its expiry would let it.
        const struckBefore = struck
        for (let look = 0; look < 5; look++) if ((await redis.deleteVolatile(known)) > 0) struck = struckBefore + 1
        proxy.mode = 'pass'
        gateway.signal('SIGCONT')
        const answer = await asking
        expect([202, 503]).toContain(answer.status)
        if (answer.status === 202) expect(await visitedBy(answer)).toEqual(expected)
        else expect(await answer.text()).toMatch(/./)
      }

      expect(
        struck,
        'no part of a run had a time to live while it was accepted: this test broke nothing',
      ).toBeGreaterThan(0)
      // What was refused was not run all the same.
      const visited = called(await installation.calls())
      expect(inverseIds ? params.ids.filter((id) => visited.has(id)) : []).toEqual([])
    } finally {
      await proxy.stop()
    }
  },
)

it.each(['before', 'after'] as const)(
  'P1, P5: a connection that breaks %s any step of accepting leaves whole runs that end, or none',
  async (when) => {
    await using installation = await startCore({ gateways: 1, workers: 1, env: { PEOPLE: '2020' } })
    const proxy = await Proxy.start(installation.redis.port)
    try {
      const gateway = await installation.addGateway({ REDIS_URL: installation.redisBehind(proxy) })
      await until('the gateway to be ready', async () => (await installation.get('/readyz', gateway)).status === 200)
      const requests = [
        { name: 'noop', id: 1 },
        { name: 'noop', ids: range(1, 2_000) },
        { name: 'visit_people', ids: people(2_000), inverseIds: true },
        { name: 'visit_people', ids: people(60_000) },
      ]
      const accepted: string[] = []
      for (const params of requests) {
        for (let step = 1; ; step++) {
          proxy.breakAt(step, when)
          const answer = await installation.execute(params, {}, gateway)
          if (answer.status === 202) accepted.push(answer.headers.get('x-run-id') ?? '')
          else expect(answer.status).toBe(503)
          if (!proxy.broke || step === 40) break
          await until('the gateway to be back', async () => (await installation.get('/readyz', gateway)).status === 200)
        }
        proxy.breakAt(0, when)
      }
      await everyRunIsWhole(installation, accepted)
    } finally {
      await proxy.stop()
    }
  },
)

/** Every run that left a trace in Redis is listed, whole, and ends; what was accepted is among them. */
async function everyRunIsWhole(installation: Installation, accepted: readonly string[]): Promise<void> {
  const [first] = installation.gateways
  for (const run of accepted) await installation.runIn(['succeeded'], run, 10_000)
  await using redis = await RedisView.open(installation.redis.url)
  // A run that was stored and is in no list would stay for ever, without a time to live.
  let states = new Map<string, string>()
  let lost: string[] = []
  await until(
    'what was not accepted to be gone, or to have been run',
    async () => {
      const answer = await installation.get('/api/runs?limit=1000', first)
      const { runs } = (await answer.json()) as { runs: RunBody[] }
      states = new Map(runs.map((run) => [run.id, run.state]))
      lost = (await redis.lastingRuns()).filter((id) => states.get(id) !== 'succeeded')
      return lost.length === 0
    },
    10_000,
  ).catch(() => undefined)
  expect(lost.map((id) => [id, states.get(id) ?? 'in no list'])).toEqual([])
  expect(accepted.filter((run) => states.get(run) !== 'succeeded')).toEqual([])
}
