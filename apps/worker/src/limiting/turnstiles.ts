import { Turns } from '@flexaction/shared/limits'
import type { Keys, RedisClient } from '@flexaction/shared/redis'
import type { RunnableAction } from '../running/runnable-action.js'
import { Turnstile } from './turnstile.js'

export interface TurnstilesOptions {
  redis: RedisClient
  subscriber: RedisClient
  keys: Keys
  /** Unique per worker process. */
  worker: string
  /** How long the turns of a worker that died count, in ms. */
  leaseMs: number
  onError(error: unknown): void
}

/** The turnstiles of a worker's actions; they hear when a turn has become free. */
export class Turnstiles {
  readonly #byChannel = new Map<string, Turnstile>()
  readonly #onMessage = (channel: string, worker: string): void => {
    if (worker === this.options.worker) this.#byChannel.get(channel)?.wake()
  }

  constructor(private readonly options: TurnstilesOptions) {}

  for({ published: { identity }, limits }: RunnableAction): Turnstile {
    const { redis, keys, worker, leaseMs, onError } = this.options
    const turns = limits && new Turns({ redis, keys, identity, worker, limits, leaseMs })
    const turnstile = new Turnstile(turns, worker, leaseMs / 3, onError)
    if (turns) this.#byChannel.set(keys.turnChannel(identity), turnstile)
    return turnstile
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
