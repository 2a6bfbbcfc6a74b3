import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'

export interface MaintenanceOptions {
  redis: RedisClient
  keys: Keys
  /** Time between two passes, in ms. */
  everyMs: number
  /** One pass. It must be harmless if two processes make one at the same time, and if one dies in the middle. */
  work(): Promise<void>
  onError(error: unknown): void
}

/** Looks this much more often than a pass is due, so that a dead process's turn is taken soon. */
const LOOKS_PER_PASS = 4

/** Calls `work` every so often, in whichever of the processes that have started it comes first. */
export class Maintenance {
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined

  constructor(private readonly options: MaintenanceOptions) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#working ??= this.#look().finally(() => {
        this.#working = undefined
      })
    }, this.options.everyMs / LOOKS_PER_PASS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#working
  }

  async #look(): Promise<void> {
    const { redis, keys, everyMs, work, onError } = this.options
    try {
      // Nothing gives the turn back: it ends by itself when the next pass is due, also if this process dies meanwhile.
      if (await redis.set(keys.maintenance, '1', 'PX', everyMs, 'NX')) await work()
    } catch (error) {
      onError(error)
    }
  }
}
