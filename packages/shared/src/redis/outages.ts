import type { Logger } from 'pino'
import type { RedisClient } from './connect.js'
import { redisErrorOf } from './redis-errors.js'

/** An outage is over when nothing has failed for so long, in ms, and the connection is ready. */
const OVER_AFTER_MS = 2_000

const SAID = {
  refused: 'Redis is away, or refuses; trying again until it is back',
  uncertain: 'Redis is away; trying again until it is back',
  configuration: 'Redis does not let this process do its work: its operator has to change that',
} as const

/**
 * Logs an outage of Redis once for each kind of error, however many commands fail by it, and its end once, with how many there were.
 */
export class Outages {
  readonly #failed = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly redis: RedisClient,
    private readonly logger: Logger,
    /** Told of every error that is noted, for the metrics. */
    private readonly onError: (error: unknown) => void = () => undefined,
  ) {
    redis.on('error', (error: Error) => this.note(error))
    redis.on('end', () => clearTimeout(this.#timer))
  }

  /** Counts an error, if it says that Redis is away or refuses; returns whether it does. All others are the caller's to log. */
  note(error: unknown): boolean {
    this.onError(error)
    const known = redisErrorOf(error)
    if (!known) return false
    const { kind, meaning } = known
    if (!this.#failed.has(kind)) this.logger.warn({ err: error, kind }, SAID[meaning])
    this.#failed.set(kind, (this.#failed.get(kind) ?? 0) + 1)
    if (this.redis.status !== 'end') this.#lookLater()
    return true
  }

  #lookLater(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      if (this.redis.status !== 'ready') return this.#lookLater()
      this.logger.info({ failed: Object.fromEntries(this.#failed) }, 'Redis is back')
      this.#failed.clear()
    }, OVER_AFTER_MS)
  }
}
