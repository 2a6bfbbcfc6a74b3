import { FlexActionError } from '@flexaction/shared/errors'
import type { RedisClient } from '@flexaction/shared/redis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import type { AccessKeys } from './access-keys.js'

export interface RequestQuotaOptions {
  redis: RedisClient
  keys: AccessKeys
  /** Requests of one caller within a minute, over all gateways; 0 for any number. */
  most: number
}

const WINDOW_S = 60
/** A gateway takes this part of the quota from Redis at once, so that most requests ask nobody. */
const PORTIONS = 100

interface Portion {
  left: number
  /** It counts until then, in ms of this process's clock. */
  until: number
}

/** How many requests a caller may send. */
export class RequestQuota {
  readonly #limiter: RateLimiterRedis | undefined
  readonly #portion: number
  readonly #portions = new Map<string, Portion>()

  constructor({ redis, keys, most }: RequestQuotaOptions) {
    this.#portion = Math.max(1, Math.floor(most / PORTIONS))
    const limits = { points: most, duration: WINDOW_S }
    this.#limiter =
      most === 0
        ? undefined
        : new RateLimiterRedis({
            ...limits,
            storeClient: redis,
            keyPrefix: `${keys.limits}:requests`,
            insuranceLimiter: new RateLimiterMemory(limits),
          })
  }

  /** Counts a request. Throws `too_many_requests` when the caller has sent too many. */
  async count(caller: string): Promise<void> {
    if (!this.#limiter) return
    const portion = this.#portions.get(caller)
    if (portion && portion.left > 0 && portion.until > performance.now()) {
      portion.left--
      return
    }
    try {
      const { msBeforeNext } = await this.#limiter.consume(caller, this.#portion)
      this.#portions.set(caller, { left: this.#portion - 1, until: performance.now() + msBeforeNext })
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      throw new FlexActionError('too_many_requests', 'Too many requests: send fewer, or wait', {
        retryAfter: Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000)),
      })
    }
  }
}
