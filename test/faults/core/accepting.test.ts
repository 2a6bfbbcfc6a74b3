import { expect, it } from 'vitest'
import { range } from '../../harness/range.js'
import { until } from '../../harness/until.js'
import type { AppProcess } from '../harness/app-process.js'
import { type CallLine, type Installation, type RunBody } from '../harness/installation.js'
import { Proxy } from '../harness/proxy.js'
import { RedisView } from './redis-view.js'
import { startCore } from './start.js'

const FIRST = 1_000_000_000_000
const called = (calls: readonly CallLine[]): Set<unknown> => new Set(calls.flatMap(({ ids }) => ids))

/**
 * Freezes the gateway once it has staged parts of a run that it is accepting, and lets them vanish as their expiry would: what
 * is new, large, and has a time to live. Returns how many parts vanished.
 */
async function loseStagedParts(redis: RedisView, gateway: AppProcess, known: Set<string>, answered: () => boolean) {
  for (;;) {
    const parts = await redis.newKeys(known, 10_000)
    if (parts.length > 0) gateway.signal('SIGSTOP')
    if (parts.length === 0 && answered()) return 0
    if (parts.length === 0) continue
    // What was on its way when it was stopped has arrived by now.
    const gone = await redis.deleteVolatile(known)
    gateway.signal('SIGCONT')
    return gone
  }
}

it.each([
  ['excluded ids', true],
  ['ids', false],
])('P1, P6: a run whose staged %s vanished while its gateway was frozen is not accepted', async (_, inverseIds) => {
  await using installation = await startCore({ gateways: 2, workers: 1, env: { PEOPLE: '100020' } })
  await using redis = await RedisView.open(installation.redis.url)
  const [gateway] = installation.gateways
  if (!gateway) throw new Error('no gateway')
  const ids = range(FIRST, FIRST + 99_999)
  let struck = 0

  for (let round = 0; round < 3; round++) {
    const known = await redis.keys()
    let answered = false
    installation.proxy.delay = 5
    const asking = installation.execute({ name: 'visit_people', ids, inverseIds }, {}, gateway).finally(() => {
      answered = true
    })
    if ((await loseStagedParts(redis, gateway, known, () => answered)) > 0) struck++
    const answer = await asking
    installation.proxy.delay = 0
    if (answer.status !== 202) {
      expect(answer.status).toBe(503)
      expect(await answer.text()).toMatch(/./)
      continue
    }
    const run = await installation.runIn(['succeeded', 'failed'], answer.headers.get('x-run-id') ?? '', 15_000)
    const visited = called(await installation.calls(run.id))
    expect([run.total, visited.size, visited.has(FIRST)]).toEqual(
      inverseIds ? [20, 20, false] : [100_000, 100_000, true],
    )
  }

  expect(
    struck,
    'no part of a run had a time to live while it was being accepted: this test did nothing',
  ).toBeGreaterThan(0)
  // Whatever was refused was not run all the same.
  const excluded = [...called(await installation.calls())].filter((id) => inverseIds && Number(id) < FIRST + 100_000)
  expect(excluded).toEqual([])
})

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
        { name: 'visit_people', ids: range(FIRST, FIRST + 1_999), inverseIds: true },
        { name: 'visit_people', ids: range(FIRST, FIRST + 59_999) },
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
  const lasting = await until(
    'what was not accepted to be gone, or to have been run',
    async () => {
      const answer = await installation.get('/api/runs?limit=1000', first)
      const { runs } = (await answer.json()) as { runs: RunBody[] }
      const listed = new Map(runs.map((run) => [run.id, run.state]))
      const lost = (await redis.lastingRuns()).filter((id) => listed.get(id) !== 'succeeded')
      return lost.length === 0 ? { listed } : undefined
    },
    10_000,
  )
  expect(accepted.filter((run) => lasting.listed.get(run) !== 'succeeded')).toEqual([])
}
