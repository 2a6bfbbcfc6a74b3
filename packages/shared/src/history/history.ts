import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import type { HistoryPoint, HistorySpan, HistoryView } from '../views/index.js'

const MINUTE_MS = 60_000

/** Intervals that are kept: minutes for an hour, ten minutes for a day. */
export const HISTORY_SPANS: Readonly<Record<HistorySpan, { intervalMs: number; points: number }>> = {
  hour: { intervalMs: MINUTE_MS, points: 60 },
  day: { intervalMs: 10 * MINUTE_MS, points: 144 },
}

/** What has been counted is written to Redis this often, in ms. */
const FLUSH_EVERY_MS = 1_000
/** The last line of the day is read a little after it. */
const KEPT_BEYOND_MS = 10 * MINUTE_MS

const OUTCOMES = ['succeeded', 'failed', 'skipped', 'cancelled'] as const
type Counter = (typeof OUTCOMES)[number] | 'started' | 'waited'

/** How many items ended, by outcome. */
export type Settled = Readonly<Record<(typeof OUTCOMES)[number], number>>

/**
 * What ended when: small counters per interval and action, added up in the process and written to Redis once a second. A crash
 * loses at most that second; nothing but charts depends on it.
 */
export class History {
  #pending = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined

  /** `now`: Redis's time, epoch ms. */
  constructor(
    private readonly redis: RedisClient,
    private readonly keys: Keys,
    private readonly now: () => number,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Items of an action have ended. */
  settled(identity: string, counts: Settled): void {
    for (const outcome of OUTCOMES) this.#count(identity, outcome, counts[outcome])
  }

  /** A run of the action has started, `waitedMs` after it was accepted. */
  started(identity: string, waitedMs: number): void {
    this.#count(identity, 'started', 1)
    this.#count(identity, 'waited', Math.max(0, Math.round(waitedMs)))
  }

  async stop(): Promise<void> {
    await this.#flush()
  }

  /** The intervals up to now, oldest first. `identity`: of one action alone. */
  async read(span: HistorySpan, identity?: string): Promise<HistoryView> {
    const { intervalMs, points } = HISTORY_SPANS[span]
    const last = Math.floor(this.now() / intervalMs)
    const times = Array.from({ length: points }, (_, at) => (last - points + 1 + at) * intervalMs)
    const hashes = await Promise.all(times.map((at) => this.redis.hgetall(this.keys.history(span, at))))
    return { span, intervalMs, points: times.map((at, index) => pointOf(at, hashes[index] ?? {}, identity)) }
  }

  #count(identity: string, counter: Counter, by: number): void {
    if (by === 0) return
    const field = `${counter} ${identity}`
    this.#pending.set(field, (this.#pending.get(field) ?? 0) + by)
    this.#timer ??= setTimeout(() => void this.#flush(), FLUSH_EVERY_MS)
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const counts = this.#pending
    this.#pending = new Map()
    if (counts.size === 0) return
    try {
      await Promise.all((Object.keys(HISTORY_SPANS) as HistorySpan[]).map((span) => this.#add(span, counts)))
    } catch (error) {
      this.onError(error)
    }
  }

  async #add(span: HistorySpan, counts: ReadonlyMap<string, number>): Promise<void> {
    const { intervalMs, points } = HISTORY_SPANS[span]
    const key = this.keys.history(span, Math.floor(this.now() / intervalMs) * intervalMs)
    const pipeline = this.redis.pipeline()
    for (const [field, by] of counts) pipeline.hincrby(key, field, by)
    pipeline.pexpire(key, intervalMs * points + KEPT_BEYOND_MS)
    await pipeline.exec()
  }
}

function pointOf(at: number, hash: Readonly<Record<string, string>>, identity: string | undefined): HistoryPoint {
  const sums: Record<string, number> = {}
  for (const [field, count] of Object.entries(hash)) {
    const space = field.indexOf(' ')
    if (identity !== undefined && field.slice(space + 1) !== identity) continue
    const counter = field.slice(0, space)
    sums[counter] = (sums[counter] ?? 0) + Number(count)
  }
  const { succeeded = 0, failed = 0, skipped = 0, cancelled = 0, started = 0, waited = 0 } = sums
  const waitedMs = started === 0 ? 0 : Math.round(waited / started)
  return { at: new Date(at).toISOString(), succeeded, failed, skipped, cancelled, started, waitedMs }
}
