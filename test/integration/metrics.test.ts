import { ActionError, defineAction, defineCollection, records } from '@flexaction/shared'
import { connect, Keys } from '@flexaction/shared/redis'
import { expect, it } from 'vitest'
import { freePort } from '../harness/free-port.js'
import { parseMetrics, type Sample, valuesOf } from '../harness/metrics.js'
import { range } from '../harness/range.js'
import { redisUrl } from '../harness/redis.js'
import { System, TOKENS } from '../harness/system.js'
import { until } from '../harness/until.js'
import { withResolvers } from '../harness/with-resolvers.js'

const METRICS_TOKEN = 'metrics-token-for-tests'

async function scrape(system: System): Promise<Sample[]> {
  return parseMetrics(await (await system.get('/metrics', { authorization: `Bearer ${TOKENS.viewer}` })).text())
}

async function scrapeWorker(port: number): Promise<Sample[]> {
  const headers = { authorization: `Bearer ${METRICS_TOKEN}` }
  return parseMetrics(await (await fetch(`http://127.0.0.1:${port}/metrics`, { headers })).text())
}

/** Fails one id, skips none, and holds those from 1,000 on until it is let go. */
function actions(letGo: Promise<void>) {
  return [
    defineAction({
      name: 'touch',
      target: records('users'),
      limits: { perWorker: 5 },
      run: async ({ id }) => {
        if (id === 2) throw new ActionError('no')
        if (Number(id) >= 1_000) await letGo
      },
    }),
    defineAction({ name: 'tag', target: records('users', { bulk: true, batchSize: 10 }), run: () => undefined }),
  ]
}

it('shows metrics of a gateway to viewers, and to anybody where that is wanted', async () => {
  await using system = await System.start({ actions: [], workers: 0 })
  await using open = await System.start({ actions: [], workers: 0, env: { METRICS_PUBLIC: 'yes' } })

  const stranger = await fetch(`${system.url}/metrics`)
  const viewer = await system.get('/metrics', { authorization: `Bearer ${TOKENS.viewer}` })
  const anybody = await fetch(`${open.url}/metrics`)

  expect([stranger.status, viewer.status, anybody.status]).toEqual([401, 200, 200])
  expect(viewer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect((await fetch(`${open.url}/metrics`, { method: 'POST' })).status).toBe(401)
})

it('shows metrics of a worker to who has its token', async () => {
  const [asking, open, closed] = [await freePort(), await freePort(), await freePort()]
  await using system = await System.start({ actions: [], workers: 0 })
  await system.addWorker({ env: { HEALTH_PORT: String(asking), METRICS_TOKEN } })
  await system.addWorker({ env: { HEALTH_PORT: String(open), METRICS_PUBLIC: 'yes' } })
  await system.addWorker({ env: { HEALTH_PORT: String(closed) } })
  const status = async (port: number, authorization = ''): Promise<number> =>
    (await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { authorization } })).status

  expect(await status(asking)).toBe(401)
  expect(await status(asking, 'Bearer wrong')).toBe(401)
  expect(await status(asking, `Bearer ${METRICS_TOKEN}`)).toBe(200)
  expect(await status(open)).toBe(200)
  expect(await status(closed, 'Bearer ')).toBe(401)
})

it('counts runs, items and calls, and names no run, record or user', async () => {
  const port = await freePort()
  const env = { HEALTH_PORT: String(port), METRICS_TOKEN }
  await using system = await System.start({ actions: actions(Promise.resolve()), env })

  const run = await system.begin({ name: 'touch', ids: [1, 2, 3] })
  await system.runIn(['completed_with_failures'], run)
  await system.steer(run, 'retry')
  await system.runIn(['completed_with_failures'], run)
  const [gateway, worker] = await until('the ended run to be counted', async () => {
    const both = [await scrape(system), await scrapeWorker(port)] as const
    return Object.values(valuesOf(both[1], 'flexaction_runs_ended_total'))[0] === 2 && both
  })

  const touch = 'action="touch.records.users"'
  expect(valuesOf(gateway, 'flexaction_runs_accepted_total')).toEqual({ [`{${touch}}`]: 1 })
  expect(valuesOf(worker, 'flexaction_runs_ended_total')).toEqual({ [`{${touch},state="completed_with_failures"}`]: 2 })
  expect(valuesOf(worker, 'flexaction_items_settled_total')).toEqual({
    [`{${touch},outcome="succeeded"}`]: 2,
    [`{${touch},outcome="failed"}`]: 2,
  })
  expect(valuesOf(worker, 'flexaction_call_duration_seconds_count')).toMatchObject({ [`{${touch}}`]: 4 })
  expect(valuesOf(worker, 'flexaction_call_duration_seconds_bucket')).toMatchObject({ [`{${touch},le="+Inf"}`]: 4 })
  expect(valuesOf(worker, 'flexaction_run_wait_seconds_count')).toEqual({ [`{${touch}}`]: 1 })
  expect(valuesOf(worker, 'flexaction_slots')).toMatchObject({ [`{${touch}}`]: 5 })
  expect(valuesOf(worker, 'flexaction_slots_busy')).toMatchObject({ [`{${touch}}`]: 0 })
  expect(valuesOf(worker, 'flexaction_batches_taken_over_total')).toEqual({ '{}': 0 })
  expect(valuesOf(gateway, 'flexaction_redis_up')).toEqual({ '{}': 1 })
  expect(valuesOf(gateway, 'flexaction_workers')).toEqual({ '{group="default"}': 1 })
  expect(valuesOf(gateway, 'flexaction_redis_memory_used_bytes')['{}']).toBeGreaterThan(100_000)
  expect(valuesOf(gateway, 'flexaction_http_request_duration_seconds_count')).toMatchObject({
    '{route="messages",status="202"}': 1,
    '{route="/api/runs/:id/retry",status="200"}': 1,
  })
  for (const [samples, role] of [
    [gateway, 'gateway'],
    [worker, 'worker'],
  ] as const) {
    expect(samples.find(({ name }) => name === 'flexaction_build_info')?.labels).toMatchObject({ role })
    expect(samples.some(({ name }) => name === 'process_cpu_seconds_total')).toBe(true)
    expect(samples.some(({ name }) => name === 'flexaction_event_loop_lag_seconds_bucket')).toBe(true)
    const labels = samples.flatMap((sample) => Object.values(sample.labels))
    expect(labels.filter((label) => label.includes(run) || label === 'admin')).toEqual([])
  }
})

it('tells exactly what is pending: while it runs, after a cancel, and after a crash miscounted it', async () => {
  const { promise, resolve } = withResolvers()
  const env = { RECONCILE_EVERY: '200ms' }
  await using system = await System.start({ actions: actions(promise), env })
  const pending = async (): Promise<number | undefined> =>
    valuesOf(await scrape(system), 'flexaction_items_pending')['{action="touch.records.users",group="default"}']
  const touch = async () => {
    const { actions } = (await (await system.get('/api/actions')).json()) as {
      actions: { name: string; pendingItems: number; queue: { waiting: number } }[]
    }
    return actions.find(({ name }) => name === 'touch')
  }

  // Some of the first 400 end, until all slots are held by others.
  const run = await system.begin({ name: 'touch', ids: [...range(100, 499), ...range(1_000, 10_599)] })
  const open = await until('all slots to be held, and the rest to be pending', async () => {
    const { counts } = (await (await system.get(`/api/runs/${run}`)).json()) as { counts: Record<string, number> }
    const { waiting = 0, active = 0, succeeded = 0 } = counts
    return active === 5 && succeeded > 0 && (await pending()) === waiting + active && waiting + active
  })
  await until('the list of actions to say so', async () => (await touch())?.pendingItems === open)
  expect((await touch())?.queue.waiting).toBeLessThan(200)

  await system.steer(run, 'cancel')
  resolve()
  const cancelled = await system.runIn(['cancelled'], run)
  await until('nothing to be pending', async () => (await pending()) === 0)
  const { succeeded = 0, cancelled: givenUp = 0 } = cancelled.counts as Record<string, number>
  expect(succeeded + givenUp).toBe(10_000)
  expect(givenUp).toBeGreaterThanOrEqual(open - 5)

  const redis = connect(redisUrl(), { name: 'test', whenAway: 'wait' })
  const { pendingItems } = new Keys(system.prefix)
  await redis.hset(pendingItems, 'touch.records.users', '-7')
  expect(await until('the wrong number to be read', async () => (await pending()) === 0)).toBe(true)
  await redis.hset(pendingItems, 'touch.records.users', '1234')
  await until(
    'the reconciler to correct it',
    async () => (await redis.hget(pendingItems, 'touch.records.users')) !== '1234',
  )
  await until('that to be shown', async () => (await pending()) === 0)
  redis.disconnect()
})

it('counts what was given up when it ends, and writes one line for each run', async () => {
  await using system = await System.start({ actions: actions(Promise.resolve()), workers: 0 })
  const worker = await system.addWorker()
  await until('the gateway to be ready', async () => (await system.get('/readyz')).status === 200)
  await worker.stop()
  system.workers.length = 0

  const run = await system.begin({ name: 'touch', ids: range(1, 300) })
  await system.steer(run, 'cancel')
  const samples = await until('the end to be counted', async () => {
    const now = await scrape(system)
    return Object.keys(valuesOf(now, 'flexaction_runs_ended_total')).length > 0 && now
  })

  const touch = 'action="touch.records.users"'
  expect(valuesOf(samples, 'flexaction_runs_ended_total')).toEqual({ [`{${touch},state="cancelled"}`]: 1 })
  expect(valuesOf(samples, 'flexaction_items_settled_total')).toEqual({ [`{${touch},outcome="cancelled"}`]: 300 })
  const lines = system.logLines.filter(({ msg }) => msg === 'run ended')
  expect(lines).toEqual([
    expect.objectContaining({ level: 'info', run, action: 'touch', state: 'cancelled', total: 300 }),
  ])
  expect(lines[0]).toMatchObject({ cancelled: 300, user: 'admin', ms: expect.any(Number) as number })
})

it('tells autoscalers how much a group has to do', async () => {
  const { promise, resolve } = withResolvers()
  const users = defineCollection({ name: 'users', list: () => ({ records: [] }) })
  await using system = await System.start({ actions: actions(promise), collections: [users] })
  const scale = async (query = ''): Promise<unknown> => (await system.get(`/api/scale${query}`)).json()
  const nothing = { items: 0, calls: 0, oldestWaitSeconds: 0, workers: 1 }
  expect(await scale()).toEqual(nothing)
  await Promise.all(system.workers.map((worker) => worker.stop()))
  system.workers.length = 0

  await system.begin({ name: 'touch', ids: range(1_000, 1_024) })
  await system.begin({ name: 'tag', ids: range(1, 35) })
  const expected = { items: 60, calls: 25 + 4, workers: 0 }
  const told = await until('the autoscaler to be told', async () => {
    const now = (await scale('?group=default')) as typeof nothing
    return now.calls === 29 && now.workers === 0 && now.oldestWaitSeconds > 0 && now
  })
  expect(told).toMatchObject(expected)
  const samples = await until('both actions to be unserved', async () => {
    const now = await scrape(system)
    return valuesOf(now, 'flexaction_actions_unserved')['{}'] === 2 && now
  })
  expect(
    valuesOf(samples, 'flexaction_oldest_wait_seconds')['{action="tag.records.users",group="default"}'],
  ).toBeGreaterThan(0)

  const other = await system.get('/api/scale?group=mail')
  expect(other.status).toBe(404)
  expect(await other.json()).toEqual({
    detail: "No worker of the group 'mail' has published anything; groups are: default",
    code: 'not_found',
  })
  resolve()
})
