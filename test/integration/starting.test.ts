import { defineAction, records, type RecordId } from '@flexaction/shared'
import { FileStore } from '@flexaction/shared/files'
import { History } from '@flexaction/shared/history'
import { BatchQueues } from '@flexaction/shared/queues'
import { connect, Keys } from '@flexaction/shared/redis'
import { Backlog, RunStore, type StartedBatch } from '@flexaction/shared/runs'
import { Turnstile } from '@flexaction/worker/limiting/turnstile'
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

  override async start(...args: Parameters<RunStore['start']>): Promise<StartedBatch | undefined> {
    const started = await super.start(...args)
    this.started.push(args[0])
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
  const store = new SlowStore({ redis, keys, retentionMs: 60_000 })
  const queues = new BatchQueues({ redis, keys, onError: fail })
  const backlog = new Backlog(redis, keys, fail)
  const history = new History(redis, keys, fail)
  const [runnable] = runnablesOf({ actions: [action], collections: [], messages: [] })
  if (!runnable) throw new Error('the action cannot be run')
  const runner = new ActionRunner(runnable, {
    redis,
    keys,
    store,
    queues,
    backlog,
    files: new FileStore({ redis, keys, mostBytes: 1_000, keptMs: 1_000, address: '' }),
    history,
    logger: system.logger('worker'),
    onError: fail,
    workerName: 'slow',
    turnstile: new Turnstile(undefined, 'slow', 1_000, fail),
    isolation: undefined,
    lockMs: 10_000,
    liveWorkers: () => 1,
  })
  await runner.start()
  const run = await system.begin({ name: 'note', ids: [1] })
  await until('the batch to be started', () => store.started.includes(run))

  expect((await system.steer(run, 'pause')).status).toBe(200)
  runner.obey(run, 'hold')
  store.gate.resolve()
  await runner.drained()

  expect(called).toEqual([])
  expect(await system.runIn(['paused'], run)).toMatchObject({ counts: { waiting: 1, active: 0, succeeded: 0 } })
  await system.steer(run, 'resume')
  await system.runIn(['succeeded'], run)
  expect(called).toEqual([1])

  await runner.stop()
  await Promise.all([queues.close(), backlog.stop(), history.stop()])
  redis.disconnect()
})
