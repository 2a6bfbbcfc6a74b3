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
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly redis: RedisClient,
    private readonly keys: Keys,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** By action identity; actions without pending items may be missing. */
  async read(): Promise<ReadonlyMap<string, number>> {
    const counts = await this.redis.hgetall(this.keys.pendingItems)
    return new Map(Object.entries(counts).map(([identity, count]) => [identity, Number(count) || 0]))
  }

  /** Items of an action were added (or, if negative, have ended); returns its number since. */
  async add(identity: string, items: number): Promise<number> {
    return this.redis.hincrby(this.keys.pendingItems, identity, items)
  }

  /** An action has no pending items any more. */
  async forget(identity: string): Promise<void> {
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
    return new Recount(this, await this.read())
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
  readonly #counted = new Map<string, number>()

  constructor(
    private readonly backlog: Backlog,
    private readonly before: ReadonlyMap<string, number>,
  ) {}

  add(identity: string, items: number): void {
    this.#counted.set(identity, (this.#counted.get(identity) ?? 0) + items)
  }

  /** Adds the differences, rather than setting values: what changed during the count stays counted. */
  async finish(): Promise<void> {
    const identities = new Set([...this.before.keys(), ...this.#counted.keys()])
    for (const identity of identities) {
      const counted = this.#counted.get(identity) ?? 0
      const difference = counted - (this.before.get(identity) ?? 0)
      const now = difference === 0 ? counted : await this.backlog.add(identity, difference)
      // Idle workers read what is pending: they need not read of actions that nobody runs.
      if (counted === 0 && now === 0) await this.backlog.forget(identity)
    }
  }
}
