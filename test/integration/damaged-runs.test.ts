import { connect, Keys, type RedisClient } from '@flexaction/shared/redis'
import {
  ListingStore,
  newRunId,
  type NewRun,
  type Run,
  RunIndex,
  RunReader,
  RunSteering,
  RunStore,
  type Settlement,
  readTimes,
} from '@flexaction/shared/runs'
import { defineAction, records } from '@flexaction/shared'
import { describe, expect, it } from 'vitest'
import { freshPrefix, redisUrl, removeKeys } from '../harness/redis.js'
import { System } from '../harness/system.js'

const IDENTITY = 'note.records.users'
const ITEMS = 6
const WINDOW = 2
const TOKEN = 'worker-1'
const LISTER = 'worker-2'

/** Fields that scripts count with, or go by. */
const COUNTED = [
  ...['total', 'batches', 'batchSize', 'chunkSize', 'next', 'pages'],
  ...['active', 'succeeded', 'failed', 'skipped', 'cancelled', 'expired', 'queued', 'rev', 'generation'],
]
const NONSENSE = ['', 'nonsense', '1.5', '1e3', '99999999999999999999']

/** The stores of one installation, and a run in the state that a script is for. */
class Bench implements AsyncDisposable {
  readonly keys: Keys
  readonly redis: RedisClient = connect(redisUrl(), { name: 'test', whenAway: 'wait' })
  readonly #index: RunIndex
  readonly store: RunStore
  readonly steering: RunSteering
  readonly listing: ListingStore

  constructor(prefix = freshPrefix()) {
    this.keys = new Keys(prefix)
    const context = { redis: this.redis, keys: this.keys }
    this.#index = new RunIndex(context, (error) => {
      throw error
    })
    this.store = new RunStore(context, this.#index)
    this.steering = new RunSteering(context, this.#index)
    this.listing = new ListingStore(context, this.#index)
  }

  async accept(listing: boolean): Promise<string> {
    const id = newRunId(Date.now())
    const run: NewRun = {
      ...{ id, action: 'note', identity: IDENTITY, target: 'records', model: 'users', permission: 'operator' },
      ...{ user: { name: 'ann', role: 'admin', groups: [] }, requestId: 'r', createdAt: Date.now() },
      ...{ total: listing ? 0 : ITEMS, batchSize: 1, chunkSize: 2, listing },
      ...{ expiresAt: undefined, haltOn: { failures: ITEMS } },
    }
    const ids = Array.from({ length: ITEMS }, (_, at) => at)
    const selection = listing ? { allExcept: [1] } : { only: ids }
    await this.store.accept({ run, formJson: '{}', selection, queueNow: listing ? 0 : WINDOW })
    return id
  }

  async run(id: string): Promise<Run> {
    const run = await new RunReader(this.redis, this.keys, Date.now).run(id)
    if (!run) throw new Error('the run is gone')
    return run
  }

  async settlement(id: string, over: Partial<Settlement> = {}): Promise<Settlement> {
    return {
      ...{
        run: await this.run(id),
        batch: 0,
        token: TOKEN,
        sequence: 1,
        lines: new Map([[0, '[0,"f",1,"broken"]\n']]),
      },
      ...{ counts: { succeeded: 0, failed: 1, skipped: 0, cancelled: 0 }, active: 0, live: [], began: Date.now() },
      ...{ next: 'end' as const, window: WINDOW, resultJson: '', errorLines: ['{"message":"broken","kind":"failed"}'] },
      failures: [['broken', 1, '{}']],
      spent: readTimes(''),
      ...over,
    }
  }

  async start(id: string, batch = 0): Promise<void> {
    await this.store.start(IDENTITY, { run: id, batch, generation: 0 }, TOKEN)
  }

  /** Everything that is stored of a run, byte by byte. */
  async stored(id: string): Promise<Record<string, unknown>> {
    const stored: Record<string, unknown> = {}
    for (const key of this.keys.allOfRun(id)) {
      const type = (await this.redis.call('TYPE', key)) as string
      stored[key] = await this.#contents(key, type)
    }
    return stored
  }

  async #contents(key: string, type: string): Promise<unknown> {
    if (type === 'hash') return this.redis.hgetall(key)
    if (type === 'set') return (await this.redis.smembers(key)).sort()
    if (type === 'string') return this.redis.get(key)
    return type
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#index.stop()
    await removeKeys(this.redis, this.keys.prefix)
    this.redis.disconnect()
  }
}

interface Case {
  script: string
  listing?: boolean
  /** Brings the run where the script is for it; returns what then calls the script. */
  prepare(bench: Bench, id: string): Promise<(run: Run) => Promise<unknown>>
}

const failAll = async (bench: Bench, id: string): Promise<void> => {
  for (let batch = 0; batch < ITEMS; batch++) {
    await bench.start(id, batch)
    await bench.store.settle(await bench.settlement(id, { batch, lines: new Map() }))
  }
}

const CASES: Case[] = [
  {
    script: 'start-batch',
    prepare: async (bench, id) => () => bench.start(id),
  },
  {
    script: 'begin-run',
    prepare: async (bench, id) => () => bench.store.begin(id),
  },
  {
    script: 'settle-items',
    prepare: async (bench, id) => {
      await bench.start(id)
      const settlement = await bench.settlement(id)
      return () => bench.store.settle(settlement)
    },
  },
  {
    script: 'take-back',
    prepare: async (bench, id) => {
      await bench.start(id)
      await bench.store.settle(await bench.settlement(id, { next: '', active: 1 }))
      return () => bench.store.takeBack({ run: id, batch: 0, generation: 0 }, TOKEN)
    },
  },
  {
    script: 'pause-run',
    prepare: async (bench) => (run) => bench.steering.pause(run),
  },
  {
    script: 'resume-run',
    prepare: async (bench, id) => {
      await bench.steering.pause(await bench.run(id))
      return (run) => bench.steering.resume(run, WINDOW)
    },
  },
  {
    script: 'retry-run',
    prepare: async (bench, id) => {
      await failAll(bench, id)
      return (run) => bench.steering.retry(run, WINDOW)
    },
  },
  {
    script: 'cancel-run',
    prepare: async (bench, id) => () => bench.steering.expire(id),
  },
  {
    script: 'start-listing',
    listing: true,
    prepare: async (bench, id) => () => bench.listing.start(id, LISTER, 'users'),
  },
  {
    script: 'resume-listing',
    listing: true,
    prepare: async (bench, id) => {
      const listing = await bench.listing.start(id, LISTER, 'users')
      if (!listing) throw new Error('nothing to list')
      const then = { failed: { message: 'broken', kind: 'unexpected' as const } }
      await bench.listing.add(listing, { chunks: [], rest: [], cursor: '', then, window: WINDOW })
      return (run) => bench.steering.resumeListing(run)
    },
  },
  {
    script: 'list-records',
    listing: true,
    prepare: async (bench, id) => {
      const listing = await bench.listing.start(id, LISTER, 'users')
      if (!listing) throw new Error('nothing to list')
      const page = { chunks: [[0, 2]], rest: [3], cursor: '4', then: 'more' as const, window: WINDOW }
      return () => bench.listing.add({ ...listing }, page)
    },
  },
]

describe.each(CASES)('$script', ({ listing = false, prepare }) => {
  it.each(COUNTED)('answers DAMAGED and writes nothing when nonsense stands in the field %s', async (field) => {
    await using bench = await Promise.resolve(new Bench())
    for (const nonsense of NONSENSE) {
      const id = await bench.accept(listing)
      const call = await prepare(bench, id)
      const run = await bench.run(id)
      await bench.redis.hset(bench.keys.run(id), field, nonsense)
      const before = await bench.stored(id)

      await expect.soft(call(run), `'${nonsense}'`).rejects.toThrow(/^DAMAGED/)

      expect.soft(await bench.stored(id), `'${nonsense}'`).toEqual(before)
    }
  })

  it.each(['run', 'data', 'leases', 'failed', 'redo', 'except', 'failures'] as const)(
    'answers DAMAGED and writes nothing when the key %s holds a value of another kind',
    async (name) => {
      await using bench = await Promise.resolve(new Bench())
      const id = await bench.accept(listing)
      const call = await prepare(bench, id)
      const run = await bench.run(id)
      await bench.redis.set(bench.keys[name](id), 'nonsense')
      const before = await bench.stored(id)

      await expect(call(run)).rejects.toThrow(/^DAMAGED/)

      expect(await bench.stored(id)).toEqual(before)
    },
  )

  it('works on a run that is intact', async () => {
    await using bench = await Promise.resolve(new Bench())
    const id = await bench.accept(listing)
    const call = await prepare(bench, id)

    await call(await bench.run(id))
  })
})

it.each(['run', 'leases', 'failed'] as const)(
  'a run whose key %s holds a value of another kind is removed by its cancel, and others go on',
  async (name) => {
    const note = defineAction({ name: 'note', target: records('users'), run: () => undefined })
    await using system = await System.start({ actions: [note] })
    await using bench = await Promise.resolve(new Bench(system.prefix))
    const id = await bench.accept(false)
    await bench.redis.set(bench.keys[name](id), 'nonsense')

    expect((await system.steer(id, 'cancel')).status).toBe(200)

    expect((await system.get(`/api/runs/${id}`)).status).toBe(404)
    await system.runIn(['succeeded'], await system.begin({ name: 'note', ids: [1, 2, 3] }))
  },
)
