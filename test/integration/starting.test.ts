import { defineAction, records, type RecordId } from '@flexaction/shared'
import { FileStore } from '@flexaction/shared/files'
import { History } from '@flexaction/shared/history'
import { JobQueues } from '@flexaction/shared/queues'
import { connect, Keys, RedisClock } from '@flexaction/shared/redis'
import { Backlog, RunIndex, RunStore } from '@flexaction/shared/runs'
import { Keyring } from '@flexaction/shared/secrets'
import { Limiter } from '@flexaction/worker/limiting/limiter'
import { WorkerMetrics } from '@flexaction/worker/metrics/worker-metrics'
import { OwnedBatches } from '@flexaction/worker/owning/owned-batches'
import { Retries } from '@flexaction/worker/reconciling/retries'
import { ActionRunner } from '@flexaction/worker/running/action-runner'
import { runnablesOf } from '@flexaction/worker/running/runnable-action'
import { expect, it } from 'vitest'
import { redisUrl } from '../harness/redis.js'
import { System } from '../harness/system.js'
import { until } from '../harness/until.js'
import { withResolvers } from '../harness/with-resolvers.js'

/** A store whose answers to the start of a batch come when they are let through. */
class SlowStore extends RunStore {
  readonly started: string[] = []
  readonly gate = withResolvers<void>()

  override async start(...args: Parameters<RunStore['start']>): ReturnType<RunStore['start']> {
    const started = await super.start(...args)
    this.started.push(args[1].run)
    await this.gate.promise
    return started
  }
}

it('does not miss what is commanded to a run while one of its batches is being started', async () => {
  const called: RecordId[] = []
  const action = defineAction({ name: 'note', target: records('users'), run: ({ id }) => void called.push(id) })
  await using system = await System.start({ actions: [action] })
  // Its actions stay known; the run waits for the runner below.
  await system.workers[0]?.stop()
  const keys = new Keys(system.prefix)
  const redis = connect(redisUrl(), { name: 'test', whenAway: 'wait' })
  const fail = (error: unknown): void => {
    throw error
  }
  const context = { redis, keys }
  const store = new SlowStore(context, new RunIndex(context, fail))
  const clock = new RedisClock(redis)
  await clock.start()
  const queues = new JobQueues({ redis, keys, clock, onError: fail })
  const backlog = new Backlog(redis, keys, fail)
  const history = new History(redis, keys, () => clock.now(), fail)
  const owned = new OwnedBatches({ redis, keys, worker: 'slow', stallAfterMs: 10_000, onError: fail })
  await owned.start()
  const [runnable] = runnablesOf({ actions: [action], collections: [], messages: [] })
  if (!runnable) throw new Error('the action cannot be run')
  const runner = new ActionRunner(runnable, {
    ...{ store, queues, backlog, history, clock, owned },
    metrics: new WorkerMetrics(),
    outages: { note: () => false },
    files: new FileStore({ redis, keys, mostBytes: 1_000, keptMs: 1_000, address: '' }),
    keyring: Keyring.from({ DATA_KEY: '', DATA_DIR: '/nowhere', NODE_ENV: 'production' }),
    logger: system.logger('worker'),
    onError: fail,
    workerName: 'slow',
    limiter: new Limiter(undefined, Number.POSITIVE_INFINITY, 'slow', 1_000, fail),
    retries: new Retries({ ...{ redis, keys, clock, queues }, onError: fail }),
    isolation: undefined,
    liveWorkers: () => 1,
    onGrown: () => undefined,
    onLost: fail,
  })
  runner.start()
  const take = async (): Promise<boolean> => {
    const job = await runner.queue.take('slow')
    if (job) runner.process(job)
    return job !== undefined
  }
  const run = await system.begin({ name: 'note', ids: [1] })
  await until('its job to be taken', take)
  await until('the batch to be started', () => store.started.includes(run))

  expect((await system.steer(run, 'pause')).status).toBe(200)
  runner.apply(run, 'hold')
  store.gate.resolve()
  await runner.drained()

  expect(called).toEqual([])
  expect(await system.runIn(['paused'], run)).toMatchObject({ counts: { waiting: 1, active: 0, succeeded: 0 } })
  await system.steer(run, 'resume')
  await until('its job to be taken again', take)
  await system.runIn(['succeeded'], run)
  expect(called).toEqual([1])

  runner.stop()
  await Promise.all([queues.close(), backlog.stop(), history.stop(), owned.stop(), store.index.stop()])
  clock.stop()
  redis.disconnect()
})
