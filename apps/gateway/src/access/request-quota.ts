import { FlexActionError } from '@flexaction/shared/errors'
import type { Keys, RedisClient } from '@flexaction/shared/redis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'

export interface RequestQuotaOptions {
  redis: RedisClient
  keys: Keys
  /** Requests of one caller within a minute, over all gateways; 0 for any number. */
  most: number
}

const WINDOW_S = 60
/** A gateway takes this part of the quota from Redis at once, so that most requests ask nobody. */
const PORTIONS = 100

/** Callers that are remembered; beyond it those whose portion is over are forgotten. */
const MOST_REMEMBERED = 10_000

/** What is left of a portion that was refused. */
const REFUSED = -1

interface Portion {
  left: number
  /** It counts until then, and so does a refusal; in ms of this process's clock. */
  until: number
}

/** How many requests a caller may send. */
export class RequestQuota {
  readonly #limiter: RateLimiterRedis | undefined
  readonly #portion: number
  readonly #portions = new Map<string, Portion>()
  /** Portions that are asked for at the moment: requests that come together share one. */
  readonly #asking = new Map<string, Promise<void>>()

  constructor({ redis, keys, most }: RequestQuotaOptions) {
    this.#portion = Math.max(1, Math.floor(most / PORTIONS))
    const limits = { points: most, duration: WINDOW_S }
    this.#limiter =
      most === 0
        ? undefined
        : new RateLimiterRedis({
            ...limits,
            storeClient: redis,
            keyPrefix: `${keys.requestCounts}:requests`,
            insuranceLimiter: new RateLimiterMemory(limits),
          })
  }

  /** Counts a request. Throws `too_many_requests` when the caller has sent too many. */
  async count(caller: string): Promise<void> {
    if (!this.#limiter) return
    for (;;) {
      const portion = this.#portions.get(caller)
      const ms = (portion?.until ?? 0) - performance.now()
      if (portion && ms > 0 && portion.left === REFUSED) throw tooMany(ms)
      if (portion && ms > 0 && portion.left > 0) {
        portion.left--
        return
      }
      await this.#ask(caller, this.#limiter)
    }
  }

  #ask(caller: string, limiter: RateLimiterRedis): Promise<void> {
    let asking = this.#asking.get(caller)
    if (!asking) {
      asking = this.#take(caller, limiter).finally(() => this.#asking.delete(caller))
      this.#asking.set(caller, asking)
    }
    return asking
  }

  async #take(caller: string, limiter: RateLimiterRedis): Promise<void> {
    if (this.#portions.size >= MOST_REMEMBERED) this.#forget()
    try {
      const { msBeforeNext } = await limiter.consume(caller, this.#portion)
      this.#portions.set(caller, { left: this.#portion, until: performance.now() + msBeforeNext })
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      this.#portions.set(caller, { left: REFUSED, until: performance.now() + refusal.msBeforeNext })
    }
  }

  #forget(): void {
    for (const [caller, { until }] of this.#portions) if (until < performance.now()) this.#portions.delete(caller)
  }
}

function tooMany(ms: number): FlexActionError {
  const text = 'Too many requests: send fewer, or wait'
  return new FlexActionError('too_many_requests', text, { retryAfter: Math.max(1, Math.ceil(ms / 1_000)) })
}
