import type { RedisClient } from './connect.js'

/** How often the difference to Redis's clock is measured again, in ms. */
const SYNC_EVERY_MS = 10_000

/**
 * Redis's time, as this process knows it. Clocks of machines differ and are set; Redis's is the one that all processes share.
 * Between two measurements it runs by the process's monotonic clock.
 */
export class RedisClock {
  /** What is added to the monotonic clock to get Redis's time, in ms. */
  #offset = Date.now() - performance.now()
  /** How exact it is: the time that the measurement took, in ms. */
  #exactTo = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  readonly #onReady = (): void => {
    this.#exactTo = Number.POSITIVE_INFINITY
    void this.#sync().catch(() => undefined)
  }

  constructor(private readonly redis: RedisClient) {}

  async start(): Promise<void> {
    await this.#sync()
    // Another Redis may have another clock.
    this.redis.on('ready', this.#onReady)
    // While Redis is away, the last measurement holds.
    this.#timer = setInterval(() => void this.#sync().catch(() => undefined), SYNC_EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.redis.off('ready', this.#onReady)
  }

  /** Epoch ms, a whole number. */
  now(): number {
    return Math.round(performance.now() + this.#offset)
  }

  async #sync(): Promise<void> {
    const asked = performance.now()
    const [seconds, micros] = await this.redis.time()
    const answered = performance.now()
    const took = answered - asked
    const offset = Number(seconds) * 1_000 + Number(micros) / 1_000 - (asked + answered) / 2
    // A slow answer says little: it counts only if Redis's clock was set, or nothing better is known.
    if (took > 2 * this.#exactTo && Math.abs(offset - this.#offset) < took) return
    this.#offset = offset
    this.#exactTo = Math.max(1, took)
  }
}
