import { FlexActionError } from '@flexaction/shared/errors'
import type { Logger } from '@flexaction/shared/logging'
import type { Keys, RedisClient } from '@flexaction/shared/redis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import type { AuthToken } from './auth-tokens.js'

export interface RefusedAttemptsOptions {
  redis: RedisClient
  keys: Keys
  /** Wrong tokens that an address may send within a minute. */
  most: number
  logger: Logger
}

const WINDOW_S = 60
/** Addresses that are remembered in this process; beyond it the oldest are forgotten. */
const MOST_REMEMBERED = 10_000

/** Wrong tokens by address: counted over all gateways, and logged once per address and minute. */
export class RefusedAttempts {
  readonly #limiter: RateLimiterRedis
  /** Until when an address is not listened to, in ms of this process's clock. */
  readonly #blocked = new Map<string, number>()
  readonly #logged = new Map<string, number>()
  /** Addresses and tokens that came together before. */
  readonly #welcome = new Map<string, number>()

  constructor(private readonly options: RefusedAttemptsOptions) {
    const limits = { points: options.most, duration: WINDOW_S }
    this.#limiter = new RateLimiterRedis({
      ...limits,
      storeClient: options.redis,
      keyPrefix: `${options.keys.requestCounts}:refused`,
      // While Redis is away each gateway counts by itself.
      insuranceLimiter: new RateLimiterMemory(limits),
    })
  }

  /**
   * Throws `too_many_requests` for an address that has sent too many wrong tokens, even if this one is right: it may have been
   * guessed. A token that has come from there before is let through, or one person behind a proxy would shut out all others.
   */
  requireAllowed(address: string, found: AuthToken | undefined): void {
    const pair = found && `${address} ${found.hash.toString('latin1')}`
    if (pair !== undefined && this.#welcome.has(pair)) return
    const ms = (this.#blocked.get(address) ?? 0) - performance.now()
    if (ms > 0) throw tooMany(ms)
    this.#blocked.delete(address)
    if (pair !== undefined) remember(this.#welcome, pair, 0)
  }

  /** Notes a wrong token. Throws `too_many_requests` when that was one too many. */
  async note(address: string): Promise<void> {
    this.#log(address)
    try {
      await this.#limiter.consume(address)
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal
      remember(this.#blocked, address, performance.now() + refusal.msBeforeNext)
      throw tooMany(refusal.msBeforeNext)
    }
  }

  #log(address: string): void {
    const now = performance.now()
    if ((this.#logged.get(address) ?? 0) > now) return
    remember(this.#logged, address, now + WINDOW_S * 1_000)
    this.options.logger.warn({ address }, 'a wrong token was sent; further ones of this minute are not logged')
  }
}

function remember(map: Map<string, number>, key: string, until: number): void {
  map.delete(key)
  map.set(key, until)
  const [oldest] = map.keys()
  if (map.size > MOST_REMEMBERED && oldest !== undefined) map.delete(oldest)
}

function tooMany(ms: number): FlexActionError {
  const text = 'Too many wrong tokens came from your address: wait a minute, then try again with the right one'
  return new FlexActionError('too_many_requests', text, { retryAfter: Math.max(1, Math.ceil(ms / 1_000)) })
}
