import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import type { Run } from './run.js'

/** Items that ended are told to Redis this often, in one number, in ms. */
const TELL_EVERY_MS = 200

/**
 * How many items are waiting or active, over all runs. The number is kept beside the runs, so a crash may leave it wrong:
 * the reconciler counts anew at each pass and corrects it.
 */
export class Backlog {
  #untold = 0
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly redis: RedisClient,
    private readonly keys: Keys,
    private readonly onError: (error: unknown) => void,
  ) {}

  async read(): Promise<number> {
    return Number((await this.redis.get(this.keys.pendingItems)) ?? 0)
  }

  /** Items were added (or, if negative, have ended); returns the number since. */
  async add(items: number): Promise<number> {
    return this.redis.incrby(this.keys.pendingItems, items)
  }

  /** Items have ended (or, if negative, were listed). */
  ended(items: number): void {
    this.#untold += items
    this.#timer ??= setTimeout(() => void this.#tell(), TELL_EVERY_MS)
  }

  async stop(): Promise<void> {
    await this.#tell()
  }

  /** Begins a count of all open runs. */
  async recount(): Promise<Recount> {
    return new Recount(this, await this.read())
  }

  async #tell(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const items = this.#untold
    this.#untold = 0
    if (items !== 0) await this.add(-items).catch(this.onError)
  }
}

/** A count of what is pending, to correct the kept number by. */
export class Recount {
  #pending = 0

  constructor(
    private readonly backlog: Backlog,
    private readonly before: number,
  ) {}

  add({ counts }: Run): void {
    this.#pending += counts.waiting + counts.active
  }

  /** Adds the difference, rather than setting a value: what changed during the count stays counted. */
  async finish(): Promise<void> {
    if (this.#pending !== this.before) await this.backlog.add(this.#pending - this.before)
  }
}
