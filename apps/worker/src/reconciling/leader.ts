import type { Keys, RedisClient } from '@flexaction/shared/redis'

export interface LeaderOptions {
  redis: RedisClient
  keys: Keys
  /** Unique per worker process. */
  worker: string
  /** Time between two looks, in ms. */
  everyMs: number
  /** Done at each look by the leader. Must be harmless if two processes do it at the same time, and if one dies in the middle. */
  work(signal: AbortSignal): Promise<void>
  /** This process leads no more, or has lost touch: what it remembers of earlier looks counts no more. */
  onInterrupted(): void
  onError(error: unknown): void
}

/** A leader that is not heard of for so many looks is replaced. */
const LOOKS_UNTIL_REPLACED = 4
const LEAST_LEASE_MS = 1_000

/** Lets one of the workers do what must be done by one of them: the one that holds a key which expires when it is gone. */
export class Leader {
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #leading = false
  #looks = 0
  readonly #stopping = new AbortController()

  constructor(private readonly options: LeaderOptions) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = undefined
      })
    }, this.options.everyMs)
  }

  /** Begins nothing more. */
  quiet(): void {
    clearInterval(this.#timer)
    this.#stopping.abort(new Error('the worker is shutting down'))
  }

  async stop(): Promise<void> {
    this.quiet()
    await this.#looking
    const { redis, keys, worker } = this.options
    // So that another one need not wait.
    if (this.#leading && (await redis.get(keys.leader)) === worker) await redis.del(keys.leader)
  }

  async #look(): Promise<void> {
    const { work, onInterrupted, onError } = this.options
    try {
      if (await this.#leads()) await work(this.#stopping.signal)
      else onInterrupted()
    } catch (error) {
      onInterrupted()
      if (!this.#stopping.signal.aborted) onError(error)
    }
  }

  async #leads(): Promise<boolean> {
    const { redis, keys, worker, everyMs } = this.options
    const leaseMs = Math.max(LEAST_LEASE_MS, everyMs * LOOKS_UNTIL_REPLACED)
    if (this.#leading && (await redis.get(keys.leader)) === worker) {
      if (++this.#looks % 2 === 0) await redis.pexpire(keys.leader, leaseMs)
      return true
    }
    this.#leading = (await redis.set(keys.leader, worker, 'PX', leaseMs, 'NX')) !== null
    return this.#leading
  }
}
