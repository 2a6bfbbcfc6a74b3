import { type ActionDefinition, defineAction, field, records } from '@flexaction/shared'
import { identityOf } from '@flexaction/shared/catalog'
import { BatchQueues } from '@flexaction/shared/queues'
import { keepDirect } from '@flexaction/shared/runs'
import { connect, Keys } from '@flexaction/shared/redis'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { redisUrl } from '../harness/redis.js'
import { System } from '../harness/system.js'
import { until } from '../harness/until.js'
import { withResolvers } from '../harness/with-resolvers.js'

const redis = () => connect(redisUrl(), { name: 'test', whenAway: 'wait' })

/** Runs it on one record, and waits for the end. */
async function runOn(system: System, name: string, id: number, { fails = false, status = 201 } = {}): Promise<string> {
  const answer = await system.send('execute_action', { name, ids: [id], params: fails ? { fails } : {} })
  if (answer.status !== status) throw new Error(`expected ${status}, received ${answer.status}: ${await answer.text()}`)
  return answer.headers.get('x-run-id') ?? ''
}

/** Whether the run was handed to a worker, past the queue. */
async function wasDirect(system: System, run: string): Promise<boolean> {
  const connection = redis()
  try {
    return (await connection.hexists(new Keys(system.prefix).run(run), 'directUntil')) === 1
  } finally {
    connection.disconnect()
  }
}

/** The id of the one run that is going on. */
async function onlyRunning(system: System): Promise<string> {
  const { runs } = (await (await system.get('/api/runs?state=running')).json()) as { runs: { id: string }[] }
  expect(runs.length).toBe(1)
  return runs[0]?.id ?? ''
}

/** The job of a run of one batch, once it has ended. */
async function endedJob(system: System, { name, target }: ActionDefinition, run: string) {
  const connection = redis()
  const queues = new BatchQueues({ redis: connection, keys: new Keys(system.prefix), onError: () => undefined })
  const queue = queues.get(identityOf(name, target))
  try {
    return await until('the job to have ended', async () => {
      const job = await queue.getJob(`${run}-0`)
      if (job?.finishedOn === undefined) return undefined
      const { logs } = await queue.getJobLogs(`${run}-0`)
      const { returnvalue, failedReason } = job
      return { name: job.name, state: await job.getState(), returnvalue: returnvalue as unknown, failedReason, logs }
    })
  } finally {
    await queues.close()
    connection.disconnect()
  }
}

const quick = defineAction({
  name: 'quick',
  target: records('users'),
  params: { fails: field.boolean({ required: false, default: false }) },
  run: ({ id, params, ctx }) => {
    ctx.log(`at work on ${id}`)
    if (params.fails) throw new Error('broken')
    return { done: id }
  },
})

it('hands a run of an action that ends at once to a worker, and shows its job afterwards', async () => {
  await using system = await System.start({ actions: [quick] })
  const first = await runOn(system, 'quick', 1)
  const second = await runOn(system, 'quick', 2)
  const third = await runOn(system, 'quick', 3, { fails: true, status: 500 })

  expect(await Promise.all([first, second, third].map((run) => wasDirect(system, run)))).toEqual([false, true, true])
  expect(await system.runIn(['succeeded'], second)).toMatchObject({
    total: 1,
    counts: { waiting: 0, active: 0, succeeded: 1, failed: 0 },
    result: { done: 2 },
  })
  expect(await system.items(third)).toMatchObject([{ id: 3, state: 'failed', attempts: 1, message: 'broken' }])
  expect(await endedJob(system, quick, second)).toEqual({
    name: `run ${second} item 1`,
    state: 'completed',
    returnvalue: '1 item',
    failedReason: undefined,
    logs: ['at work on 2'],
  })
  expect(await endedJob(system, quick, third)).toEqual({
    name: `run ${third} item 1`,
    state: 'failed',
    returnvalue: null,
    failedReason: '1 of 1 item failed',
    logs: ['at work on 3'],
  })
})

it('queues runs of actions that take their time', async () => {
  const slow = defineAction({ name: 'slow', target: records('users'), run: () => pause(300) })
  await using system = await System.start({ actions: [slow] })
  const runs = [await runOn(system, 'slow', 1), await runOn(system, 'slow', 2), await runOn(system, 'slow', 3)]

  expect(await Promise.all(runs.map((run) => wasDirect(system, run)))).toEqual([false, false, false])
})

/** An action that ends at once, until it is told to wait. */
function waiting() {
  const calls: { id: unknown; attempt: number }[] = []
  const gates = new Map<unknown, ReturnType<typeof withResolvers<void>>>()
  const action = defineAction({
    name: 'waiting',
    target: records('users'),
    limits: { perWorker: 1 },
    retry: { attempts: 2, backoff: { type: 'fixed', delay: '50ms' } },
    params: { fails: field.boolean({ required: false, default: false }) },
    run: async ({ id, params, ctx }) => {
      calls.push({ id, attempt: ctx.attempt })
      if (params.fails && ctx.attempt === 1) throw new Error('not yet')
      const aborted = new Promise((_, reject) =>
        ctx.signal.addEventListener('abort', () => reject(new Error('told to stop'))),
      )
      await Promise.race([gates.get(id)?.promise, aborted])
    },
  })
  return { action, calls, gates }
}

it('queues a run after all when the worker has no slot for it', async () => {
  const { action, calls, gates } = waiting()
  const gate = withResolvers<void>()
  gates.set(2, gate)
  await using system = await System.start({ actions: [action] })
  await runOn(system, 'waiting', 1)
  const holder = await system.begin({ name: 'waiting', ids: [2] })
  await until('the slot to be taken', () => calls.length === 2)

  const answer = runOn(system, 'waiting', 3)
  await until('the next one to be queued', async () => {
    return (await system.keys()).some((key) => /queue.*:\w+-0$/.test(key) && !key.includes(holder))
  })
  gate.resolve()

  expect(await wasDirect(system, await answer)).toBe(true)
  expect(calls).toEqual([1, 2, 3].map((id) => ({ id, attempt: 1 })))
})

it('queues the retry of a run that failed at first', async () => {
  const { action, calls } = waiting()
  await using system = await System.start({ actions: [action] })
  await runOn(system, 'waiting', 1)

  const run = await runOn(system, 'waiting', 2, { fails: true })

  expect(await wasDirect(system, run)).toBe(true)
  expect(await system.items(run)).toMatchObject([{ id: 2, state: 'succeeded', attempts: 2 }])
  expect(calls).toEqual([
    { id: 1, attempt: 1 },
    { id: 2, attempt: 1 },
    { id: 2, attempt: 2 },
  ])
})

it('gives a run back when the worker stops, without spending an attempt', async () => {
  const { action, calls, gates } = waiting()
  gates.set(2, withResolvers<void>())
  await using system = await System.start({ actions: [action], env: { SHUTDOWN_DEADLINE: '100ms' } })
  await runOn(system, 'waiting', 1)
  const answer = runOn(system, 'waiting', 2)
  await until('the handler to be called', () => calls.length === 2)
  gates.delete(2)

  await system.workers[0]?.stop()
  await system.addWorker()

  const run = await answer
  expect(await wasDirect(system, run)).toBe(true)
  expect(await system.items(run)).toMatchObject([{ id: 2, state: 'succeeded', attempts: 1 }])
  expect(calls).toEqual([1, 2, 2].map((id) => ({ id, attempt: 1 })))
})

it('cancels a run that a worker has without a job', async () => {
  const { action, calls, gates } = waiting()
  gates.set(2, withResolvers<void>())
  await using system = await System.start({ actions: [action] })
  await runOn(system, 'waiting', 1)
  const answer = system.send('execute_action', { name: 'waiting', ids: [2] })
  await until('the handler to be called', () => calls.length === 2)
  const run = await onlyRunning(system)

  expect((await system.steer(run, 'cancel')).status).toBe(200)

  await answer
  expect(await wasDirect(system, run)).toBe(true)
  expect(await system.runIn(['cancelled'], run)).toMatchObject({ counts: { active: 0, cancelled: 1 } })
  expect(await system.items(run)).toMatchObject([{ id: 2, state: 'cancelled', attempts: 1 }])
})

it('knows whose a run is that was handed over, and when it has ended', async () => {
  const { action, calls, gates } = waiting()
  const gate = withResolvers<void>()
  gates.set(2, gate)
  await using system = await System.start({ actions: [action] })
  await runOn(system, 'waiting', 1)
  const answer = runOn(system, 'waiting', 2)
  await until('the handler to be called', () => calls.length === 2)
  const run = { id: await onlyRunning(system) }
  const connection = redis()
  const keys = new Keys(system.prefix)
  const [token = ''] = ((await connection.hget(keys.leases(run.id), '0')) ?? '').split('|')
  const keep = (as: string) => keepDirect({ redis: connection, keys, retentionMs: 60_000 }, { run, token: as }, 5_000)

  expect([await keep(token), await keep('direct-other')]).toEqual(['kept', 'lost'])
  gate.resolve()
  await answer
  expect(await keep(token)).toBe('ended')
  connection.disconnect()
})
