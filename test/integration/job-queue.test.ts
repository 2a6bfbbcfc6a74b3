import { JobQueue } from '@flexaction/shared/queues'
import { connect, Keys, type RedisClient } from '@flexaction/shared/redis'
import { expect, it } from 'vitest'
import { freshPrefix, redisUrl, removeKeys } from '../harness/redis.js'

/** Longer than a job may take until it stands where it belongs. */
const SETTLED_MS = 11_000
const JOB = { id: 'job-1', name: 'a job', data: { n: 1 }, first: false }

/** A queue whose clock stands still unless it is moved. */
class Bench implements AsyncDisposable {
  now = Date.now()
  readonly redis: RedisClient = connect(redisUrl(), { name: 'test', whenAway: 'wait' })
  readonly #prefix = freshPrefix()
  readonly queue = new JobQueue<typeof JOB.data>('work', {
    redis: this.redis,
    keys: new Keys(this.#prefix),
    clock: { now: () => this.now },
    onError: (error) => {
      throw error
    },
  })

  /** The key of the job, or of one of the queue's lists. */
  key(name: string): string {
    return this.queue.bullmq.toKey(name)
  }

  /** Takes all that waits, and ends it; returns what it was. */
  async workOff(): Promise<unknown[]> {
    const taken: unknown[] = []
    for (let job = await this.queue.take('test'); job; job = await this.queue.take('test')) {
      taken.push({ id: job.id, data: job.data })
      await this.queue.end(job.id, 'done', false, false)
    }
    return taken
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.queue.close()
    await removeKeys(this.redis, this.#prefix)
    this.redis.disconnect()
  }
}

const WHOLE = { id: JOB.id, data: JOB.data }

/** What `ensure` must make anew, as the job was left. */
const LOST: [string, (bench: Bench) => Promise<unknown>][] = [
  ['was never added', async () => undefined],
  [
    'has ended',
    async ({ queue }) => {
      await queue.add([JOB])
      await queue.take('test')
      await queue.end(JOB.id, 'done', false, false)
    },
  ],
  [
    'has failed',
    async ({ queue }) => {
      await queue.add([JOB])
      await queue.take('test')
      await queue.end(JOB.id, 'broken', true, false)
    },
  ],
  [
    'has data that are no JSON',
    async (bench) => {
      await bench.queue.add([JOB])
      await bench.redis.hset(bench.key(JOB.id), 'data', '{nonsense')
    },
  ],
  [
    'has options that are no JSON',
    async (bench) => {
      await bench.queue.add([JOB])
      await bench.redis.hset(bench.key(JOB.id), 'opts', '{nonsense')
    },
  ],
  [
    'is a value of another kind',
    async (bench) => {
      await bench.queue.add([JOB])
      await bench.redis.set(bench.key(JOB.id), 'nonsense')
    },
  ],
  [
    'lost all of its fields, behind others',
    async (bench) => {
      await bench.queue.add([JOB])
      await bench.redis.del(bench.key(JOB.id))
    },
  ],
  [
    'lost all of its fields, first',
    async (bench) => {
      await bench.queue.add([{ ...JOB, first: true }])
      await bench.redis.del(bench.key(JOB.id))
    },
  ],
  [
    'stands in no list, behind others',
    async (bench) => {
      await bench.queue.add([JOB])
      await bench.redis.del(bench.key('prioritized'))
      bench.now += SETTLED_MS
    },
  ],
  [
    'stands in no list, first',
    async (bench) => {
      await bench.queue.add([{ ...JOB, first: true }])
      await bench.redis.del(bench.key('wait'))
      bench.now += SETTLED_MS
    },
  ],
  [
    'stands in no list, taken',
    async (bench) => {
      await bench.queue.add([JOB])
      await bench.queue.take('test')
      await bench.redis.del(bench.key('active'))
      bench.now += SETTLED_MS
    },
  ],
  [
    'stands in no list, delayed',
    async (bench) => {
      await bench.queue.add([JOB])
      await bench.queue.take('test')
      await bench.queue.delay({ id: JOB.id, addedAt: bench.now }, bench.now)
      await bench.redis.del(bench.key('delayed'))
      bench.now += SETTLED_MS
    },
  ],
]

it.each(LOST)('a job that %s is made anew, once, and can be taken', async (_, lose) => {
  await using bench = await Promise.resolve(new Bench())
  await lose(bench)

  expect(await bench.queue.ensure(JOB)).toBe(true)
  expect(await bench.queue.ensure(JOB)).toBe(false)

  expect(await bench.workOff()).toEqual([WHOLE])
})

/** What `ensure` must leave alone; afterwards the job is still there for whoever it was there for. */
const THERE: [string, (bench: Bench) => Promise<unknown>, (bench: Bench) => Promise<unknown>][] = [
  ['waits behind others', ({ queue }) => queue.add([JOB]), async () => undefined],
  ['waits first', ({ queue }) => queue.add([{ ...JOB, first: true }]), async () => undefined],
  [
    'is taken',
    async ({ queue }) => {
      await queue.add([JOB])
      await queue.take('test')
    },
    ({ queue }) => queue.giveBack(JOB.id),
  ],
  [
    'is delayed',
    async ({ queue, now }) => {
      await queue.add([JOB])
      await queue.take('test')
      await queue.delay({ id: JOB.id, addedAt: now }, now)
    },
    ({ queue }) => queue.callBack(JOB.id),
  ],
]

it.each(THERE)('a job that %s is left alone, however old it is', async (_, bring, goOn) => {
  await using bench = await Promise.resolve(new Bench())
  await bring(bench)
  bench.now += SETTLED_MS

  expect(await bench.queue.ensure(JOB)).toBe(false)

  await goOn(bench)
  expect(await bench.workOff()).toEqual([WHOLE])
})

it('a job that stands in no list is left alone while it is new: it may be on its way', async () => {
  await using bench = await Promise.resolve(new Bench())
  await bench.queue.add([JOB])
  await bench.redis.del(bench.key('prioritized'))

  expect(await bench.queue.ensure(JOB)).toBe(false)
})

it('nothing is made anew when Redis does not answer', async () => {
  await using bench = await Promise.resolve(new Bench())
  await bench.queue.add([JOB])
  bench.queue.bullmq.getJob = () => Promise.reject(new Error('Connection is closed.'))

  await expect(bench.queue.ensure(JOB)).rejects.toThrow('Connection is closed.')

  expect(await bench.workOff()).toEqual([WHOLE])
})
