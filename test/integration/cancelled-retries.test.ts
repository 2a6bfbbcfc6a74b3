import { defineAction, type RecordId, records } from '@flexaction/shared'
import { connect, Keys, type RedisClient } from '@flexaction/shared/redis'
import { newRunId, type Run, RunIndex, RunReader, RunSteering, RunStore } from '@flexaction/shared/runs'
import { expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { redisUrl } from '../harness/redis.js'
import { System } from '../harness/system.js'

const IDENTITY = 'note.records.users'
const CHUNK = 100
const AT_ONCE = 1_000

const called: RecordId[] = []
const note = defineAction({
  name: 'note',
  target: records('users', { batchSize: 1 }),
  run: ({ id }) => void called.push(id),
})

/** Talks to Redis as one gateway does. */
class Gateway implements Disposable {
  readonly redis: RedisClient = connect(redisUrl(), { name: 'test', whenAway: 'wait' })
  readonly keys: Keys
  readonly reader: RunReader
  readonly steering: RunSteering
  readonly #store: RunStore

  constructor(prefix: string) {
    this.keys = new Keys(prefix)
    const context = { redis: this.redis, keys: this.keys }
    // One that is cut off cannot write the end of its run: the reconciler does it.
    const index = new RunIndex(context, () => undefined)
    this.reader = new RunReader(this.redis, this.keys, Date.now)
    this.steering = new RunSteering(context, index)
    this.#store = new RunStore(context, index)
  }

  async run(id: string): Promise<Run> {
    const run = await this.reader.run(id)
    if (!run) throw new Error('the run is gone')
    return run
  }

  /** A run of `total` batches with one record each, all of which have failed: as workers would have left it. */
  async failed(total: number): Promise<string> {
    const id = newRunId(Date.now())
    const { redis, keys } = this
    const run = {
      ...{ id, action: 'note', identity: IDENTITY, target: 'records' as const, model: 'users' },
      ...{ user: { name: 'ann', role: 'admin' as const, groups: [] }, permission: 'operator' as const, requestId: 'r' },
      ...{ total, batchSize: 1, chunkSize: CHUNK, createdAt: Date.now(), expiresAt: undefined, haltOn: undefined },
      listing: false,
    }
    await this.#store.accept({ run, formJson: '{}', selection: { only: range(1, total) }, queueNow: 0 })
    const log = range(0, CHUNK - 1).map((place) => `[${place},"f",1,100,100,"broken"]\n`)
    for (let first = 0; first < total; first += AT_ONCE) {
      const batches = range(first, Math.min(total, first + AT_ONCE) - 1)
      const chunks = [...new Set(batches.map((batch) => Math.floor(batch / CHUNK)))]
      await redis.hset(keys.failed(id), Object.fromEntries(batches.map((batch) => [batch, ''])))
      await redis.hset(keys.data(id), Object.fromEntries(chunks.map((chunk) => [`l${chunk}`, log.join('')])))
    }
    const now = Date.now()
    await redis.hset(keys.run(id), { state: 'failed', failed: total, next: total, startedAt: now, finishedAt: now })
    return id
  }

  [Symbol.dispose](): void {
    this.redis.disconnect()
  }
}

/** The longest time that Redis took for an answer, until `done`, in ms. */
async function longestAnswer(redis: RedisClient, done: () => boolean): Promise<number> {
  let longest = 0
  while (!done()) {
    const sentAt = performance.now()
    await redis.ping()
    longest = Math.max(longest, performance.now() - sentAt)
  }
  return longest
}

it('a retry of very many batches is cancelled without holding up Redis', async () => {
  await using system = await System.start({ actions: [note], workers: 0 })
  using gateway = new Gateway(system.prefix)
  using other = new Gateway(system.prefix)
  const id = await gateway.failed(40_000)
  await gateway.steering.retry(await gateway.run(id), 100)
  let ended = false
  const longest = longestAnswer(other.redis, () => ended)

  await gateway.steering.cancel(await gateway.run(id))

  const run = await system.runIn(['cancelled'], id, 60_000).finally(() => {
    ended = true
  })
  // At once it takes several seconds.
  expect(await longest).toBeLessThan(800)
  expect(run).toMatchObject({ counts: { waiting: 0, active: 0, succeeded: 0, failed: 0, cancelled: 40_000 } })
})

it('the cancel of a retry is completed by others when its gateway dies in the middle', async () => {
  await using system = await System.start({ actions: [note], workers: 0, env: { RECONCILE_EVERY: '200ms' } })
  using gateway = new Gateway(system.prefix)
  const id = await gateway.failed(1_500)
  await gateway.steering.retry(await gateway.run(id), 100)

  await gateway.steering.cancel(await gateway.run(id))
  gateway.redis.disconnect()

  expect(await (await system.get(`/api/runs/${id}`)).json()).toMatchObject({ cancelling: true })
  await system.addWorker()
  const run = await system.runIn(['cancelled'], id)
  expect(run).toMatchObject({ counts: { waiting: 0, active: 0, succeeded: 0, failed: 0, cancelled: 1_500 } })
  const items = await system.items(id)
  expect(items.map(({ state }) => state)).toEqual(range(1, items.length).map(() => 'cancelled'))
  expect(items.length).toBeGreaterThan(0)
  expect(called).toEqual([])
})
