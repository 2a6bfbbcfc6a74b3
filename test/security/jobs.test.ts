import { defineAction, defineCollection, records, type RecordId } from '@flexaction/shared'
import { JobQueues } from '@flexaction/shared/queues'
import { connect, Keys, type RedisClient } from '@flexaction/shared/redis'
import { newRunId } from '@flexaction/shared/runs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { redisUrl } from '../harness/redis.js'
import { System } from '../harness/system.js'
import { until } from '../harness/until.js'

// Whoever reaches Redis, or a dashboard, may add jobs. They are added as BullMQ adds them.

const REFUSED = 'this job was not made for a batch of a run of this action: nothing was done'
const REFUSED_LISTING = 'this job was not made for a run on all records: nothing was done'
const NOTHING = 'nothing to do: the batch has ended, or waits for its run to go on'

const calls: [action: string, id: RecordId][] = []
const action = (name: string, collection: string) =>
  defineAction({
    name,
    target: records(collection),
    limits: { perWorker: 1 },
    run: ({ id }) => void calls.push([name, id]),
  })
const list = (name: string) =>
  defineCollection({ name, list: () => ({ records: [{ id: `one of ${name}`, label: name }] }) })

let redis: RedisClient
let system: System
let queues: JobQueues
beforeEach(async () => {
  calls.length = 0
  redis = connect(redisUrl(), { name: 'test', whenAway: 'wait' })
  system = await System.start({
    actions: [action('work', 'users'), action('other', 'orders')],
    collections: [list('users'), list('orders')],
    shared: true,
  })
  const fail = (error: unknown): never => {
    throw error
  }
  queues = new JobQueues({ redis, keys: new Keys(system.prefix), clock: Date, onError: fail })
})
afterEach(async () => {
  await queues.close()
  redis.disconnect()
  await system.stop()
})

const run = newRunId(0)

it.each<[what: string, id: string, data: unknown]>([
  ['null', 'null', null],
  ['null, under the id of a batch', `${run}-0`, null],
  ['a text', 'text', 'garbage'],
  ['a list', 'list', [1, 2]],
  ['nothing', 'nothing', {}],
  ['a batch that is no number', `${run}-1`, { run, batch: '1', generation: 0 }],
  ['a batch below zero', `${run}--1`, { run, batch: -1, generation: 0 }],
  ['a run that is no id', 'x-0', { run: 'x', batch: 0, generation: 0 }],
  ['a key of another kind', '../x-0', { run: '{x}:../', batch: 0, generation: 0 }],
  ['the data of another job', `${run}-2`, { run, batch: 3, generation: 0 }],
  ['another spelling of a batch', `${run}-04`, { run, batch: 4, generation: 0 }],
  ['no id of its own', '', { run, batch: 0, generation: 0 }],
])('fails a job whose data is %s, and holds no slot with it', async (_, jobId, data) => {
  const queue = queues.batches('work.records.users').bullmq
  const job = await queue.add('x', data, jobId === '' ? {} : { jobId })
  await until('the job to fail', async () => (await job.getState()) === 'failed')
  expect((await queue.getJob(job.id ?? ''))?.failedReason).toBe(REFUSED)
  expect((await system.send('execute_action', { name: 'work', ids: [1, 2] })).status).toBe(201)
  expect(calls).toEqual([
    ['work', 1],
    ['work', 2],
  ])
  expect(await queue.getActiveCount()).toBe(0)
  expect(system.logLines.filter(({ level }) => level === 'error')).toEqual([])
})

it('fails a job whose data is no JSON', async () => {
  const queue = queues.batches('work.records.users').bullmq
  await queue.pause()
  const job = await queue.add('x', {}, { jobId: 'broken' })
  await redis.hset(queue.toKey('broken'), 'data', '{"run":')
  await queue.resume()
  await until('the job to fail', async () => (await job.getState()) === 'failed')
  expect((await system.send('execute_action', { name: 'work', ids: [1] })).status).toBe(201)
})

it('fails a job for a run of another action, which goes on as if there were none', async () => {
  const others = queues.batches('other.records.orders').bullmq
  await others.pause()
  const foreign = await system.begin({ name: 'other', ids: [7] })
  const queue = queues.batches('work.records.users').bullmq
  const job = await queue.add('x', { run: foreign, batch: 0, generation: 0 }, { jobId: `${foreign}-0` })
  await until('the job to fail', async () => (await job.getState()) === 'failed')
  expect((await queue.getJob(`${foreign}-0`))?.failedReason).toBe(REFUSED)
  expect(calls).toEqual([])
  await others.resume()
  await system.runIn(['succeeded'], foreign)
  expect(calls).toEqual([['other', 7]])
})

it('does nothing for a batch that its run does not have', async () => {
  const own = (await system.send('execute_action', { name: 'work', ids: [1] })).headers.get('x-run-id') ?? ''
  const queue = queues.batches('work.records.users').bullmq
  for (const of of [own, run]) {
    const job = await queue.add('x', { run: of, batch: 99, generation: 0 }, { jobId: `${of}-99` })
    await until('the job to end', async () => (await job.getState()) === 'completed')
    expect((await queue.getJob(`${of}-99`))?.returnvalue).toBe(NOTHING)
  }
  expect(calls).toEqual([['work', 1]])
  expect(await (await system.get(`/api/runs/${own}`)).json()).toMatchObject({ state: 'succeeded', total: 1 })
})

it('lists the records of a run by jobs that were made for it, and of its own collection alone', async () => {
  const users = queues.listings('users').bullmq
  const orders = queues.listings('orders').bullmq
  await users.pause()
  const all = await system.begin({ name: 'work', model: 'users', inverseIds: true, ids: [] })
  const wrong = await Promise.all([
    orders.add('x', null, { jobId: 'null' }),
    orders.add('x', { run: all }, { jobId: 'another' }),
    orders.add('x', { run: [all] }, { jobId: all.replace(/.$/, '0') }),
  ])
  const foreign = await orders.add('x', { run: all }, { jobId: all })
  for (const job of wrong) {
    await until('the job to fail', async () => (await job.getState()) === 'failed')
    expect((await orders.getJob(job.id ?? ''))?.failedReason).toBe(REFUSED_LISTING)
  }
  await until('the job of the other collection to end', async () => (await foreign.getState()) === 'completed')
  expect(await (await system.get(`/api/runs/${all}`)).json()).toMatchObject({ total: 0, listing: true })
  await users.resume()
  await system.runIn(['succeeded'], all)
  expect(calls).toEqual([['work', 'one of users']])
})
