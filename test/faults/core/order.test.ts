import { expect, it } from 'vitest'
import { range } from '../../harness/range.js'
import { until } from '../../harness/until.js'
import { Proxy } from '../harness/proxy.js'
import { begin, startCore } from './start.js'

it('P5: a run that is retried as it ends goes on, although the retry is cut off at any step', async () => {
  await using installation = await startCore({ workers: 0 })
  // Whatever the worker writes after the end arrives late.
  const late = await Proxy.start(installation.redis.port)
  const breaking = await Proxy.start(installation.redis.port)
  try {
    await installation.addWorker({ REDIS_URL: installation.redisBehind(late) })
    const gateway = await installation.addGateway({ REDIS_URL: installation.redisBehind(breaking) })
    const ready = async (): Promise<boolean> => (await installation.get('/readyz', gateway)).status === 200
    late.delay = 120
    const stuck: string[] = []
    for (let step = 1, broke = true; broke && step <= 12; step++) {
      await until('the gateway to be ready', ready)
      const run = await begin(installation, { name: 'fails_once', id: step })
      await installation.runIn(['failed'], run, 10_000)
      breaking.breakAt(step, 'before')
      const answer = await installation.steer(run, 'retry', gateway)
      broke = breaking.broke
      breaking.breakAt(0, 'before')

      // Where nothing was reopened, it is as it was; else it is called again.
      const settled = await until(
        'the run to go on',
        async () => {
          const { state } = await installation.run(run)
          return (state === 'succeeded' || (state === 'failed' && answer.status !== 200)) && state
        },
        6_000,
      ).catch(() => 'stuck')
      if (settled === 'stuck') stuck.push(`step ${step}: ${answer.status}, ${(await installation.run(run)).state}`)
    }
    expect(stuck).toEqual([])
  } finally {
    await late.stop()
    await breaking.stop()
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
