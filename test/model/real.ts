import { Keys, type RedisClient } from '@flexaction/shared/redis'
import {
  type AcceptRequest,
  failureFingerprint,
  type Item,
  type KnownRun,
  ListingStore,
  type NewRun,
  parseLease,
  type Run,
  RunIndex,
  RunReader,
  RunSteering,
  RunStore,
  type StartedListing,
} from '@flexaction/shared/runs'
import { expect } from 'vitest'
import type { ModelItem, RunModel } from './run-model.js'

/** Each page reads its chunks' whole logs. */
const MOST_PAGES = 20
const MOST_OPEN = 1_000

/** Loses what was staged for a run right before the run is stored, as time does. */
class LosingIndex extends RunIndex {
  loses: (() => Promise<unknown>) | undefined

  override async enter(run: NewRun): Promise<void> {
    await Promise.all([this.loses?.(), super.enter(run)])
  }
}

/** What a worker believes to hold. */
export interface Hand {
  batch: number
  token: string
  sequence: number
}

/** The model of the run that the steps are about, and what workers believe. */
export interface World {
  run: RunModel | undefined
  hands: Hand[]
  listings: StartedListing[]
}

/** The store under test, on Redis. */
export class Real {
  readonly keys: Keys
  readonly index: LosingIndex
  readonly store: RunStore
  readonly steering: RunSteering
  readonly listing: ListingStore
  readonly reader: RunReader
  request!: AcceptRequest
  excluded = new Set<string>()
  /** What a worker remembers of the run: its fields may be of an earlier generation. */
  known: KnownRun | undefined
  #numbers = 0
  #seen: { revision: number; view: string } | undefined

  constructor(
    readonly redis: RedisClient,
    prefix: string,
  ) {
    this.keys = new Keys(prefix)
    const context = { redis, keys: this.keys }
    this.index = new LosingIndex(context, (error) => {
      throw error
    })
    this.store = new RunStore(context, this.index)
    this.steering = new RunSteering(context, this.index)
    this.listing = new ListingStore(context, this.index)
    this.reader = new RunReader(redis, this.keys, Date.now)
  }

  get id(): string {
    return this.request.run.id
  }

  /** Steering looks at nothing else. */
  run({ generation }: Pick<RunModel, 'generation'>): Run {
    return { id: this.id, generation } as Run
  }

  nextNumber(): number {
    return ++this.#numbers
  }

  /** The run was changed past the store. */
  seenAnew(): void {
    this.#seen = undefined
  }

  /** Everything that can be seen of the run is as the model says. Its items are read in pages of `limit`. */
  async compare(model: RunModel | undefined, limit: number): Promise<void> {
    const run = await this.reader.run(this.id)
    if (!model) {
      expect(run).toBeUndefined()
      expect(await this.redis.exists(...this.keys.allOfRun(this.id))).toBe(0)
      return
    }
    if (!run) throw new Error('the run is gone')
    const items = await this.#items(run, Math.max(limit, Math.ceil(run.total / MOST_PAGES)))
    const batches = await this.redis.hgetall(this.keys.leases(this.id))
    const queued = Number((await this.redis.hget(this.keys.run(this.id), 'queued')) ?? 0)
    expect(viewReal(run, items, batches)).toEqual(viewModel(model))
    expect(items.map(viewItem)).toEqual(model.items.map(viewModelItem))
    const { groups } = await this.reader.failures(run, true)
    expect(new Map(groups.map(({ failure, count }) => [failure, count]))).toEqual(failuresOf(model))
    // While a run is given up nobody reads the number any more.
    if (!model.closing) expect(queued).toBe(model.queued)
    const { revision, ...visible } = run
    const view = JSON.stringify([visible, items])
    if (revision === this.#seen?.revision) expect(view, 'changed under the same revision').toBe(this.#seen.view)
    this.#seen = { revision, view }
  }

  /** What is left when all has been written: the run stands in the lists where it belongs. */
  async compareLists(model: RunModel | undefined): Promise<void> {
    await this.index.stop()
    if (!model) return
    // Ended ones that stand there are taken out by the reconciler.
    if (!model.ended) expect((await this.index.open(undefined, MOST_OPEN)).ids).toContain(this.id)
    expect(await this.redis.zscore(this.keys.runs, this.id)).not.toBeNull()
  }

  async #items(run: Run, limit: number): Promise<Item[]> {
    const items: Item[] = []
    for (let cursor: string | undefined = '0'; cursor !== undefined;) {
      const page = await this.reader.items(run, { cursor: Number(cursor), limit, forOperators: true })
      items.push(...page.values)
      cursor = page.next
    }
    return items
  }
}

function failuresOf({ items }: RunModel): Map<string, number> {
  const failures = new Map<string, number>()
  for (const { state, message } of items) {
    const fingerprint = failureFingerprint(message ?? '')
    if (state === 'failed') failures.set(fingerprint, (failures.get(fingerprint) ?? 0) + 1)
  }
  return failures
}

function viewReal(run: Run, items: Item[], leases: Record<string, string>): unknown {
  const { state, total, generation, closing, listing, damaged, errors, startedAt, finishedAt } = run
  const sum = Object.values(run.counts).reduce((all, one) => all + one, 0)
  const batches = Object.entries(leases).map(([batch, text]) => {
    const lease = parseLease(text)
    return `${batch} ${lease.state} ${lease.token} ${lease.generation}`
  })
  return {
    ...{ state, total, sum, counts: run.counts, generation, closing, listing, damaged, batches: batches.sort() },
    ...{
      errors: errors.map(({ message }) => message),
      started: startedAt !== undefined,
      ended: finishedAt !== undefined,
    },
    listed: items.length,
  }
}

function viewModel(model: RunModel): unknown {
  const total = model.items.length
  const active = model.items.filter((item) => item.active !== undefined).length
  const { count, state, generation, closing, started, ended } = model
  const batches = [...model.batches].map(([batch, one]) => `${batch} ${one.state} ${one.token} ${one.generation}`)
  const counts = {
    ...{ waiting: count('waiting') - active, active, succeeded: count('succeeded'), failed: count('failed') },
    ...{ skipped: count('skipped'), cancelled: count('cancelled'), expired: count('expired') },
  }
  return {
    ...{
      state,
      total,
      sum: total,
      counts,
      generation,
      closing,
      listing: model.listing !== undefined,
      damaged: undefined,
    },
    ...{ batches: batches.sort(), started, ended, listed: total },
    errors: [...(model.listingFailed ? ['not listed'] : []), ...model.errors.slice(0, 10)],
  }
}

function viewItem({ id, state, attempts, message, result, former = [] }: Item): unknown {
  return { id: id ?? null, state, attempts, message, result, former: former.map(viewFormer) }
}

function viewModelItem({ id, state, attempts, message, result, active, former }: ModelItem): unknown {
  const others = former.map(viewFormer)
  if (active !== undefined)
    return { id, state: 'active', attempts: active, message: undefined, result: undefined, former: others }
  return { id, state, attempts, message, result, former: others }
}

function viewFormer({
  state,
  attempts,
  message,
}: {
  state: string
  attempts: number
  message?: string | undefined
}): unknown {
  return { state, attempts, message }
}
