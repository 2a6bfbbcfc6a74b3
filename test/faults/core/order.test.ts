import { expect, it } from 'vitest'
import { range } from '../../harness/range.js'
import { until } from '../../harness/until.js'
import { Proxy } from '../harness/proxy.js'
import { begin, startCore } from './start.js'

it('P5: a run that is retried as it ends is not lost when its worker dies', async () => {
  await using installation = await startCore({ workers: 0 })
  // Whatever the worker writes after the end arrives late.
  const proxy = await Proxy.start(installation.redis.port)
  try {
    const slow = await installation.addWorker({ REDIS_URL: installation.redisBehind(proxy) })
    await until('the gateway to be ready', async () => (await installation.get('/readyz')).status === 200)
    for (let round = 0; round < 3; round++) {
      proxy.delay = 100
      const run = await begin(installation, { name: 'fails_then_lingers', id: 1 })
      await installation.runIn(['failed'], run, 10_000)
      expect((await installation.steer(run, 'retry')).status).toBe(200)
      await until('it to be called again', async () => (await installation.calls(run)).length === 2, 10_000)
      proxy.delay = 0

      const worker = round === 0 ? slow : installation.workers.at(-1)
      await worker?.kill()
      await installation.addWorker({ REDIS_URL: installation.redisBehind(proxy) })

      expect((await installation.runIn(['succeeded'], run, 10_000)).counts.succeeded).toBe(1)
    }
  } finally {
    await proxy.stop()
  }
})

it('P5: a cancel ends a run whose worker died and whose action nobody has any more, and frees its place', async () => {
  await using installation = await startCore({ workers: 0, env: { MAX_PENDING_ITEMS: '100' } })
  const worker = await installation.addWorker({ WITH_DOOMED: 'yes' })
  const run = await until('the action to be known', () =>
    begin(installation, { name: 'doomed', ids: range(1, 60) }).catch(() => undefined),
  )
  await until('it to be going on', async () => (await installation.calls(run)).length === 5)
  await worker.kill()
  await installation.addWorker()

  expect((await installation.steer(run, 'cancel')).status).toBe(200)

  expect((await installation.runIn(['cancelled'], run, 10_000)).counts).toMatchObject({ active: 0, cancelled: 60 })
  await installation.runIn(['succeeded'], await begin(installation, { name: 'noop', ids: range(1, 80) }), 10_000)
})
