import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'

/** Items that ended are written to Redis this often, in one number per action, in ms. */
const FLUSH_EVERY_MS = 200

/**
 * How many items are waiting or active, by action. The numbers are kept beside the runs, so a crash may leave them wrong: the
 * reconciler counts anew at each pass and corrects them.
 */
export class Backlog {
  #pending = new Map<string, number>()
  /** What the last count of all open runs said to correct. */
  #differences: ReadonlyMap<string, number> = new Map()
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly redis: RedisClient,
    private readonly keys: Keys,
    private readonly onError: (error: unknown) => void,
  ) {}

  /**
   * By action identity; actions without pending items may be missing. Never less than 0: of items that were just accepted, the end may be
   * counted first.
   */
  async read(): Promise<ReadonlyMap<string, number>> {
    return new Map([...(await this.#readKept())].map(([identity, count]) => [identity, Math.max(0, count)]))
  }

  async #readKept(): Promise<ReadonlyMap<string, number>> {
    const counts = await this.redis.hgetall(this.keys.pendingItems)
    return new Map(Object.entries(counts).map(([identity, count]) => [identity, Number(count) || 0]))
  }

  /** Items of an action were added (or, if negative, have ended); returns its number since. */
  async add(identity: string, items: number): Promise<number> {
    return this.redis.hincrby(this.keys.pendingItems, identity, items)
  }

  async #forget(identity: string): Promise<void> {
    await this.redis.hdel(this.keys.pendingItems, identity)
  }

  /** Items have ended (or, if negative, were listed). */
  ended(identity: string, items: number): void {
    if (items === 0) return
    this.#pending.set(identity, (this.#pending.get(identity) ?? 0) + items)
    this.#timer ??= setTimeout(() => void this.#flush(), FLUSH_EVERY_MS)
  }

  async stop(): Promise<void> {
    await this.#flush()
  }

  /** Begins a count of all open runs. */
  async recount(): Promise<Recount> {
    return new Recount(await this.#readKept())
  }

  /**
   * Corrects the numbers by a count. What two counts in a row agree on is corrected: a single one also sees what is merely on
   * its way. Adds the differences, rather than setting values: what changed during the count stays counted.
   */
  async correct(counting: Recount): Promise<void> {
    const differences = counting.differences()
    for (const [identity, difference] of differences) {
      const before = this.#differences.get(identity) ?? 0
      const agreed = Math.sign(before) === Math.sign(difference) ? Math.min(Math.abs(before), Math.abs(difference)) : 0
      const now = agreed === 0 ? Number.NaN : await this.add(identity, Math.sign(difference) * agreed)
      // Idle workers read what is pending: they need not read of actions that nobody runs.
      if (now === 0 || (difference === 0 && !counting.counted.has(identity))) await this.#forget(identity)
    }
    this.#differences = differences
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const pending = [...this.#pending]
    this.#pending = new Map()
    await Promise.all(pending.map(([identity, items]) => this.add(identity, -items))).catch(this.onError)
  }
}

/** A count of what is pending, to correct the kept numbers by. */
export class Recount {
  /** By action identity; those without pending items are missing. */
  readonly counted = new Map<string, number>()

  constructor(private readonly before: ReadonlyMap<string, number>) {}

  add(identity: string, items: number): void {
    this.counted.set(identity, (this.counted.get(identity) ?? 0) + items)
  }

  differences(): Map<string, number> {
    const identities = new Set([...this.before.keys(), ...this.counted.keys()])
    return new Map(
      [...identities].map((identity) => [
        identity,
        (this.counted.get(identity) ?? 0) - (this.before.get(identity) ?? 0),
      ]),
    )
  }
}
