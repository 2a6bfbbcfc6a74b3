import type { RecordId } from '../definitions/context.js'
import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import { Script } from '../redis/script.js'
import { foldLog, type FormerOutcome, type Item, type ItemHistory, type LiveCall } from './item-log.js'
import { parseLease } from './lease.js'
import { unpackIds } from './packed-ids.js'
import { parseRun, type Run, SAFE_FAILURE_TEXT } from './run.js'
import { runIdTime } from './run-id.js'
import type { ItemState, RunState } from './states.js'

const findRecord = new Script('find-record', 1)

/** Runs that one listing looks at, at most: filters may then give a short page with a cursor to go on from. */
const RUNS_PER_LISTING = 1_000
/** Items that one page looks at, at most, likewise. */
const ITEMS_PER_LISTING = 20_000
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

export interface ItemsRequest {
  state?: ItemState | undefined
  /** A part of the id or of the message, in any case. */
  search?: string | undefined
  /** An id, as text: looks only where this record is. */
  record?: string | undefined
  /** Position of the first item. */
  cursor: number
  limit: number
  /** Whether texts of unexpected failures are shown; else a safe text stands in for them. */
  forOperators: boolean
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

/** One item of a run, as its log tells. */
export interface RunItem {
  id: string | number | null
  history: ItemHistory
}

export interface Page<T> {
  values: T[]
  /** Where to go on; absent when there is no more. */
  next?: string
}

/** Reads runs and their items. */
export class RunReader {
  constructor(
    private readonly redis: RedisClient,
    private readonly keys: Keys,
  ) {}

  async run(id: string): Promise<Run | undefined> {
    return parseRun(await this.redis.hgetall(this.keys.run(id)))
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
    for (let looked = 0; looked < RUNS_PER_LISTING;) {
      const wanted = Math.max(limit - found.length, 20) + 1
      const ids = await this.redis.zrange(index, after ? `(${after}` : '+', '-', 'BYLEX', 'REV', 'LIMIT', 0, wanted)
      const runs = await Promise.all(ids.map((id) => this.run(id)))
      await this.#dropOrphans(index, ids, runs)
      for (const [at, run] of runs.entries()) {
        const more = found.length === limit
        if (more && run) return { values: found, ...(after !== undefined && { next: after }) }
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
    return filter.record === undefined || (await this.#holds(run, filter.record))
  }

  async #holds(run: Run, record: string): Promise<boolean> {
    return (await this.batchesOfRecord(run, record)).length > 0
  }

  /** The batches of a run that a record is in. */
  async batchesOfRecord(run: Run, record: string): Promise<number[]> {
    if (run.target !== 'records') return []
    const forms = [`,${JSON.stringify(record)},`, `,${record},`]
    const batches = (await findRecord.run(this.redis, this.keys.input(run.id), batchesOf(run), ...forms)) as string[]
    const found: number[] = []
    for (const batch of batches) {
      // The text search may have matched inside a longer id that holds commas itself.
      const packed = await this.redis.hget(this.keys.input(run.id), batch)
      if (packed && unpackIds(packed).some((id) => String(id) === record)) found.push(Number(batch))
    }
    return found
  }

  /** What was sent: the form, and at most `most` of the ids. */
  async input(run: Run, most: number): Promise<RunInput> {
    const { keys, redis } = this
    const [form, allExcept] = await Promise.all([
      redis.hget(keys.input(run.id), 'form'),
      redis.hexists(keys.run(run.id), 'allExcept'),
    ])
    const head = { form: JSON.parse(form ?? '{}') as Record<string, unknown>, allExcept: allExcept === 1 }
    if (head.allExcept) {
      const ids = (await redis.smembers(keys.except(run.id))).sort()
      return { ...head, ids: ids.slice(0, most), total: ids.length }
    }
    if (run.target !== 'records') return { ...head, ids: [], total: 0 }
    const batches = Math.min(batchesOf(run), Math.ceil(most / run.batchSize))
    const ids: RecordId[] = []
    for (let batch = 0; batch < batches; batch++) {
      const packed = await redis.hget(keys.input(run.id), String(batch))
      for (const id of packed ? unpackIds(packed) : []) if (id !== null && ids.length < most) ids.push(id)
    }
    return { ...head, ids, total: run.total }
  }

  async #dropOrphans(index: string, ids: string[], runs: (Run | undefined)[]): Promise<void> {
    const old = Date.now() - ORPHANED_AFTER_MS
    const orphans = ids.filter((id, at) => !runs[at] && runIdTime(id) < old)
    if (orphans.length > 0) await this.redis.zrem(index, ...orphans)
  }

  /** Items of a run in the order they were sent, from `cursor` (a position; the last page's `next`). */
  async items(run: Run, { state, search, record, cursor, limit, forOperators }: ItemsRequest): Promise<Page<Item>> {
    const wanted = search?.toLowerCase()
    const matches = (item: Item): boolean =>
      (state === undefined || item.state === state) && (wanted === undefined || holdsText(item, wanted))
    if (record !== undefined) return this.#itemsOfRecord(run, record, forOperators)
    const found: Item[] = []
    const perRead = Math.max(1, Math.ceil(limit / run.batchSize))
    let position = cursor
    const stop = Math.min(run.total, cursor + ITEMS_PER_LISTING)
    while (position < stop && found.length < limit) {
      const first = Math.floor(position / run.batchSize)
      const items = await this.#itemsOfBatches(run, first, Math.min(first + perRead, batchesOf(run)), forOperators)
      for (const item of items.slice(position - first * run.batchSize)) {
        if (found.length === limit) break
        if (matches(item)) found.push(item)
        position++
      }
    }
    return { values: found, ...(position < run.total && { next: String(position) }) }
  }

  async #itemsOfRecord(run: Run, record: string, forOperators: boolean): Promise<Page<Item>> {
    const batches = await this.batchesOfRecord(run, record)
    const items = await Promise.all(batches.map((batch) => this.#itemsOfBatches(run, batch, batch + 1, forOperators)))
    return { values: items.flat().filter(({ id }) => String(id) === record) }
  }

  /** One item, by its place in the run. */
  async item(run: Run, position: number): Promise<RunItem | undefined> {
    const batch = Math.floor(position / run.batchSize)
    const [found] = await this.#batches(run, batch, batch + 1)
    const at = position - batch * run.batchSize
    const history = found?.histories[at]
    return history && { id: found?.ids[at] ?? null, history }
  }

  async #itemsOfBatches(run: Run, from: number, to: number, forOperators: boolean): Promise<Item[]> {
    const batches = await this.#batches(run, from, to)
    return batches.flatMap(({ ids, live, histories }) =>
      histories.map((history, index) =>
        viewItem(
          run,
          ids[index] ?? null,
          forOperators ? history : withSafeText(history),
          live.find((call) => call.from <= index && index < call.to),
        ),
      ),
    )
  }

  async #batches(run: Run, from: number, to: number): Promise<ReadBatch[]> {
    const { keys, redis } = this
    const batches = Array.from({ length: to - from }, (_, at) => String(from + at))
    const [packed, logs, leases, redo] = await Promise.all([
      redis.hmget(keys.input(run.id), ...batches),
      redis.hmget(keys.log(run.id), ...batches),
      redis.hmget(keys.leases(run.id), ...batches),
      run.generation > 0 ? redis.smismember(keys.redo(run.id), ...batches) : [],
    ])
    return batches.map((_, at) => {
      const ids = unpackIds(packed[at] ?? ',,')
      const histories = foldLog(logs[at] ?? null, ids.length, {
        closed: run.closing === undefined ? run.closed : undefined,
        reopenedIn: redo[at] === 1 ? run.generation : undefined,
      })
      return { ids, live: liveCalls(leases[at] ?? null), histories }
    })
  }
}

interface ReadBatch {
  ids: readonly (string | number | null)[]
  live: readonly LiveCall[]
  histories: readonly ItemHistory[]
}

function holdsText({ id, message }: Item, wanted: string): boolean {
  return [id, message].some((text) => text !== undefined && String(text).toLowerCase().includes(wanted))
}

function batchesOf(run: Run): number {
  return Math.ceil(run.total / run.batchSize)
}

function liveCalls(lease: string | null): LiveCall[] {
  const live = lease ? parseLease(lease).live : ''
  return live === '' ? [] : (JSON.parse(live) as LiveCall[])
}

function withSafeText(history: ItemHistory): ItemHistory {
  const { reopened } = history
  return {
    ...history,
    ...(history.unexpected && { message: SAFE_FAILURE_TEXT }),
    ...(reopened && { reopened: { ...reopened, former: reopened.former.map(withSafeText) } }),
  }
}

function viewItem(run: Run, id: string | number | null, history: ItemHistory, call: LiveCall | undefined): Item {
  const time = (ms: number): string => new Date(run.createdAt + ms).toISOString()
  const head = id === null ? {} : { id }
  const former = history.reopened?.former.map((one) => viewOutcome(one, time))
  if (call && history.state === 'waiting') {
    return {
      ...head,
      state: 'active',
      attempts: call.attempt,
      startedAt: time(call.started),
      ...(call.progress !== undefined && { progress: call.progress }),
      ...(former && { former }),
    }
  }
  return {
    ...head,
    ...viewOutcome(history, time),
    ...(history.result !== undefined && { result: history.result }),
    ...(former && { former }),
  }
}

function viewOutcome(
  { state, attempts, started, took, message }: ItemHistory,
  time: (ms: number) => string,
): FormerOutcome {
  return {
    state,
    attempts,
    ...(message !== undefined && { message }),
    ...(started !== undefined && { startedAt: time(started) }),
    ...(started !== undefined && took !== undefined && state !== 'waiting' && { finishedAt: time(started + took) }),
  }
}
