import type { RecordId } from '../definitions/context.js'
import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import { Script } from '../redis/script.js'
import { foldLog, type Item, type ItemHistory, type LiveCall } from './item-log.js'
import { type ItemsFilter, matcherOf, type ReadItem, type RunItem, viewItem } from './item-view.js'
import { parseLease } from './lease.js'
import { unpackIds } from './packed-ids.js'
import { type FailureGroups, parseFailures } from './run-failures.js'
import { damagedRun, hasEnded, parseRun, type Run } from './run.js'
import { runIdTime } from './run-id.js'
import type { RunState } from './states.js'

const findRecord = new Script('find-record', 1)

/** Runs that one listing looks at, at most: filters may then give a short page with a cursor to go on from. */
const RUNS_PER_LISTING = 1_000
/** Items that one page looks at, at most, likewise. */
const ITEMS_PER_LISTING = 20_000
/** Chunks that one script searches for a record, at most: a script holds everybody up… */
const CHUNKS_PER_SEARCH = 500
/** … and one listing. */
const CHUNKS_PER_LISTING = 20_000
/** An index entry without a run this long after its creation will never get one. */
const ORPHANED_AFTER_MS = 60_000

export interface RunFilter {
  /** The action's name. */
  action?: string | undefined
  state?: RunState | undefined
  /** The user's name. */
  user?: string | undefined
  /** A record's id, as text: finds `5` and `"5"`. */
  record?: string | undefined
  /** The collection, to narrow a record's id down. */
  model?: string | undefined
}

export interface ItemsRequest extends Omit<ItemsFilter, 'records'> {
  /** An id, as text: looks only where this record is. */
  record?: string | undefined
  /** Position of the first item. */
  cursor: number
  limit: number
}

/** What was sent to make a run. */
export interface RunInput {
  form: Record<string, unknown>
  /** Whether all records but some were meant. */
  allExcept: boolean
  /** Ids that were sent: those to run on, or those to leave out. At most as many as asked for. */
  ids: RecordId[]
  /** How many were sent. */
  total: number
}

export interface Page<T> {
  values: T[]
  /** Where to go on; absent when there is no more. */
  next?: string
}

/** Reads runs and their items. */
export class RunReader {
  /** `now`: Redis's time, epoch ms. */
  constructor(
    private readonly redis: RedisClient,
    private readonly keys: Keys,
    private readonly now: () => number,
  ) {}

  /** A run that cannot be read comes with the reason in `damaged`. */
  async run(id: string): Promise<Run | undefined> {
    try {
      const run = parseRun(await this.redis.hgetall(this.keys.run(id)))
      return run && run.id !== id ? damagedRun(id, "its field 'id' cannot be read", { ...run, id }) : run
    } catch (error) {
      // Its key holds something else.
      if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return damagedRun(id, 'it is no hash')
      throw error
    }
  }

  async state(id: string): Promise<RunState | undefined> {
    return ((await this.redis.hget(this.keys.run(id), 'state')) ?? undefined) as RunState | undefined
  }

  /** The run's revision alone: what a conditional request needs. `undefined` for a run that does not exist. */
  async revision(id: string): Promise<string | undefined> {
    return (await this.redis.hget(this.keys.run(id), 'rev')) ?? undefined
  }

  /** Runs, newest first. `cursor` is the last page's `next`. */
  async runs(filter: RunFilter, cursor: string | undefined, limit: number): Promise<Page<Run>> {
    const index = this.#indexFor(filter)
    const found: Run[] = []
    let after = cursor
    let searched = 0
    for (let looked = 0; looked < RUNS_PER_LISTING && searched < CHUNKS_PER_LISTING;) {
      const wanted = Math.max(limit - found.length, 20) + 1
      const ids = await this.redis.zrange(index, after ? `(${after}` : '+', '-', 'BYLEX', 'REV', 'LIMIT', 0, wanted)
      const runs = await Promise.all(ids.map((id) => this.run(id)))
      await this.#dropOrphans(index, ids, runs)
      for (const [at, run] of runs.entries()) {
        const more = found.length === limit
        if (more && run) return { values: found, ...(after !== undefined && { next: after }) }
        if (run && filter.record !== undefined) searched += chunksOf(run)
        if (run && (await this.#matches(run, filter))) found.push(run)
        after = ids[at]
      }
      if (ids.length < wanted) return { values: found }
      looked += ids.length
    }
    return { values: found, ...(after !== undefined && { next: after }) }
  }

  #indexFor(filter: RunFilter): string {
    if (filter.action !== undefined) return this.keys.runsOfAction(filter.action)
    if (filter.user !== undefined) return this.keys.runsOfUser(filter.user)
    return this.keys.runs
  }

  async #matches(run: Run, filter: RunFilter): Promise<boolean> {
    if (filter.state !== undefined && run.state !== filter.state) return false
    if (filter.user !== undefined && run.user.name !== filter.user) return false
    if (filter.model !== undefined && run.model !== filter.model) return false
    return filter.record === undefined || (await this.#placesOf(run, filter.record)).length > 0
  }

  /** The places of a record in a run: its positions. */
  async #placesOf(run: Run, record: string): Promise<number[]> {
    if (run.target !== 'records' || run.damaged !== undefined) return []
    const forms = [`,${JSON.stringify(record)},`, `,${record},`]
    const places: number[] = []
    for (let first = 0; first < chunksOf(run); first += CHUNKS_PER_SEARCH) {
      const last = Math.min(chunksOf(run), first + CHUNKS_PER_SEARCH) - 1
      const key = this.keys.data(run.id)
      for (const chunk of (await findRecord.run(this.redis, key, first, last, ...forms)) as string[]) {
        const packed = await this.redis.hget(key, `i${chunk}`)
        const base = Number(chunk) * run.chunkSize
        // The text search may have matched inside a longer id that holds commas itself.
        for (const [at, id] of unpackIds(packed ?? ',,').entries()) if (String(id) === record) places.push(base + at)
      }
    }
    return places
  }

  /** The batches of a run that a record is in. */
  async batchesOfRecord(run: Run, record: string): Promise<number[]> {
    const places = await this.#placesOf(run, record)
    return [...new Set(places.map((place) => Math.floor(place / run.batchSize)))]
  }

  /** What was sent: the form, and at most `most` of the ids. */
  async input(run: Run, most: number): Promise<RunInput> {
    const { keys, redis } = this
    const [form, allExcept] = await Promise.all([
      redis.hget(keys.data(run.id), 'form'),
      redis.hexists(keys.run(run.id), 'allExcept'),
    ])
    const head = { form: JSON.parse(form ?? '{}') as Record<string, unknown>, allExcept: allExcept === 1 }
    if (head.allExcept) {
      const ids = (await redis.smembers(keys.except(run.id))).sort()
      return { ...head, ids: ids.slice(0, most), total: ids.length }
    }
    if (run.target !== 'records') return { ...head, ids: [], total: 0 }
    const chunks = Math.min(chunksOf(run), Math.ceil(most / run.chunkSize))
    const ids: RecordId[] = []
    for (let chunk = 0; chunk < chunks; chunk++) {
      const packed = await redis.hget(keys.data(run.id), `i${chunk}`)
      for (const id of packed ? unpackIds(packed) : []) if (id !== null && ids.length < most) ids.push(id)
    }
    return { ...head, ids, total: run.total }
  }

  async #dropOrphans(index: string, ids: string[], runs: (Run | undefined)[]): Promise<void> {
    const old = this.now() - ORPHANED_AFTER_MS
    const orphans = ids.filter((id, at) => !runs[at] && runIdTime(id) < old)
    if (orphans.length > 0) await this.redis.zrem(index, ...orphans)
  }

  /** Items of a run in the order they were sent, from `cursor` (a position; the last page's `next`). */
  async items(run: Run, { record, cursor, limit, ...filter }: ItemsRequest): Promise<Page<Item>> {
    const { forOperators } = filter
    const matches = matcherOf(filter)
    if (record !== undefined) return this.#itemsOfRecord(run, record, forOperators)
    if (run.damaged !== undefined) return { values: [] }
    const found: Item[] = []
    let position = cursor
    const stop = Math.min(run.total, cursor + ITEMS_PER_LISTING)
    let characters = 0
    while (position < stop && found.length < limit && characters < MOST_CHARACTERS_PER_LISTING) {
      // Few at first: their results may be large.
      const wanted = position === cursor ? ITEMS_PER_READ : ITEMS_PER_LATER_READ
      const few = characters > MOST_CHARACTERS_PER_LISTING / 100 ? ITEMS_PER_READ : wanted
      const read = await this.#read(run, position, Math.min(stop, position + few))
      characters += read.reduce((sum, { weight }) => sum + weight, 0)
      for (const one of read) {
        if (found.length === limit) break
        const item = viewItem(run, one, forOperators)
        if (matches(item)) found.push(item)
        position++
      }
      if (read.length === 0) break
    }
    return { values: found, ...(position < run.total && { next: String(position) }) }
  }

  async #itemsOfRecord(run: Run, record: string, forOperators: boolean): Promise<Page<Item>> {
    const places = await this.#placesOf(run, record)
    const items = await Promise.all(places.map((place) => this.#read(run, place, place + 1)))
    return { values: items.flat().map((item) => viewItem(run, item, forOperators)) }
  }

  /**
   * All items of a run that match, with their places. `message`: the failure's own text, whoever asks. Bounded only by the
   * size of the run.
   */
  async *matching(
    run: Run,
    filter: ItemsFilter,
  ): AsyncGenerator<{ position: number; item: Item; message: string | undefined }> {
    const matches = matcherOf(filter)
    const { records } = filter
    const few = records && records.size <= MOST_FOUND_ONE_BY_ONE
    const places = few ? (await Promise.all([...records].map((record) => this.#placesOf(run, record)))).flat() : []
    const spans = few
      ? places.sort((a, b) => a - b).map((place) => [place, place + 1] as const)
      : range(0, Math.ceil(run.total / ITEMS_PER_LATER_READ)).map((at) =>
          [at, at + 1].map((n) => n * ITEMS_PER_LATER_READ),
        )
    for (const [from = 0, to = 0] of spans) {
      const read = await this.#read(run, from, Math.min(run.total, to))
      for (const [at, one] of read.entries()) {
        const item = viewItem(run, one, filter.forOperators)
        if (matches(item)) yield { position: from + at, item, message: one.history.message }
      }
    }
  }

  /** Why items of a run failed, by cause. */
  async failures(run: Run, forOperators: boolean): Promise<FailureGroups> {
    return parseFailures(await this.redis.hgetall(this.keys.failures(run.id)), forOperators)
  }

  /** One item, by its place in the run. */
  async item(run: Run, position: number): Promise<RunItem | undefined> {
    const [found] = await this.#read(run, position, position + 1)
    return found
  }

  /** The items from one place to another (exclusive). */
  async #read(run: Run, from: number, to: number): Promise<ReadItem[]> {
    const { keys, redis } = this
    const size = run.chunkSize
    const chunks = range(Math.floor(from / size), Math.ceil(Math.min(to, run.total) / size))
    if (chunks.length === 0) return []
    const batches = range(Math.floor(from / run.batchSize), Math.ceil(to / run.batchSize))
    const [data, leases, redo] = await Promise.all([
      redis.hmget(keys.data(run.id), ...chunks.flatMap((chunk) => [`i${chunk}`, `l${chunk}`, `p${chunk}`])),
      hasEnded(run) ? [] : redis.hmget(keys.leases(run.id), ...batches.map(String)),
      // Of a run that has ended it is what a retry is only writing down.
      run.generation > 0 && !hasEnded(run) ? redis.hmget(keys.redo(run.id), ...batches.map(String)) : [],
    ])
    const live = new Map(batches.map((batch, at) => [batch, liveCalls(leases[at] ?? null)]))
    const reopened = new Map(
      batches.flatMap((batch, at) => {
        const text = redo[at]
        return typeof text === 'string' ? [[batch, placesIn(text)] as const] : []
      }),
    )
    const found: ReadItem[] = []
    for (const [at, chunk] of chunks.entries()) {
      const ids = unpackIds(data[3 * at] ?? ',,')
      const base = chunk * size
      const batchOf = (place: number): number => Math.floor((base + place) / run.batchSize)
      const log = await this.#wholeLog(run, chunk, data[3 * at + 1] ?? null, Number(data[3 * at + 2] ?? 0))
      const histories = foldLog(log, ids.length, {
        // What is being given up has its outcome when workers have let go of it.
        closed: run.closing === undefined ? run.closed : run.closed.slice(0, -1),
        reopened: (place) => reopened.get(batchOf(place))?.((base + place) % run.batchSize),
        generation: run.generation,
      })
      for (let place = Math.max(0, from - base); place < Math.min(ids.length, to - base); place++) {
        const inBatch = (base + place) % run.batchSize
        const call = live.get(batchOf(place))?.find((one) => one.from <= inBatch && inBatch < one.to)
        const weight = (log?.length ?? 0) / ids.length
        found.push({ id: ids[place] ?? null, history: histories[place] as ItemHistory, call, weight })
      }
    }
    return found
  }

  /** A long log lies in parts. */
  async #wholeLog(run: Run, chunk: number, first: string | null, parts: number): Promise<string | null> {
    if (parts === 0) return first
    const names = range(1, parts + 1).map((part) => `l${chunk}.${part}`)
    const others = await this.redis.hmget(this.keys.data(run.id), ...names)
    return [first, ...others].join('')
  }
}

/** Items that are read at once, at first… */
const ITEMS_PER_READ = 100
/** … and when they have turned out to be small. */
const ITEMS_PER_LATER_READ = 1_000
/** So few records are searched for; more are found by reading all items. */
const MOST_FOUND_ONE_BY_ONE = 20
/** A page that has become larger than this ends early, with a cursor to go on from. */
const MOST_CHARACTERS_PER_LISTING = 10_000_000

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at)
}

function chunksOf(run: Run): number {
  return Math.ceil(run.total / run.chunkSize)
}

/** Reads which items of a batch were reopened: "first-last,first-last,…", or '' for those that had failed. */
function placesIn(text: string): (place: number) => 'failed' | 'named' | undefined {
  if (text === '') return () => 'failed'
  const ranges = text.split(',').map((range) => range.split('-').map(Number))
  return (place) => (ranges.some(([first = 0, last = 0]) => first <= place && place <= last) ? 'named' : undefined)
}

function liveCalls(lease: string | null): LiveCall[] {
  const live = lease ? parseLease(lease).live : ''
  return live === '' ? [] : (JSON.parse(live) as LiveCall[])
}
