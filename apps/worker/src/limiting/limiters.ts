import { Turns } from '@flexaction/shared/limits'
import type { Keys, RedisClient } from '@flexaction/shared/redis'
import type { RunnableAction } from '../running/runnable-action.js'
import { Limiter } from './limiter.js'

export interface LimitersOptions {
  redis: RedisClient
  subscriber: RedisClient
  keys: Keys
  /** Unique per worker process. */
  worker: string
  /** How long the turns of a worker that died count, in ms. */
  leaseMs: number
  onError(error: unknown): void
}

/** The limiters of a worker's actions; they hear when a turn has become free. */
export class Limiters {
  readonly #byChannel = new Map<string, Limiter>()
  readonly #onMessage = (channel: string, worker: string): void => {
    if (worker === this.options.worker) this.#byChannel.get(channel)?.wake()
  }

  constructor(private readonly options: LimitersOptions) {}

  for({ published: { identity }, limits }: RunnableAction): Limiter {
    const { redis, keys, worker, leaseMs, onError } = this.options
    // More would be taken away from other workers, and wait here all the same.
    const { rate } = limits ?? {}
    const mostWaiting = rate ? Math.max(1, Math.ceil((rate.max * 1_000) / rate.perMs)) : Number.POSITIVE_INFINITY
    const turns = limits && new Turns({ redis, keys, identity, worker, limits, leaseMs })
    const limiter = new Limiter(turns, mostWaiting, worker, leaseMs / 3, onError)
    if (turns) this.#byChannel.set(keys.turnChannel(identity), limiter)
    return limiter
  }

  async start(): Promise<void> {
    if (this.#byChannel.size === 0) return
    this.options.subscriber.on('message', this.#onMessage)
    await this.options.subscriber.subscribe(...this.#byChannel.keys())
  }

  stop(): void {
    this.options.subscriber.off('message', this.#onMessage)
  }
}
