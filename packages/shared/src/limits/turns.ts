import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import { Script } from '../redis/script.js'

const takeTurn = new Script('take-turn', 4)
const beginTurn = new Script('begin-turn', 1)

/** Limits of an action that hold over all workers. */
export interface TurnLimits {
  /** Most handler calls at once. */
  concurrency: number | undefined
  /** Most handler calls that begin in any span of `perMs`. */
  rate: { max: number; perMs: number } | undefined
}

export interface TurnsOptions {
  redis: RedisClient
  keys: Keys
  /** The action's identity. */
  identity: string
  /** Unique per worker process. */
  worker: string
  limits: TurnLimits
  /** A turn that is neither renewed nor given back counts this long, in ms: its worker has died. */
  leaseMs: number
}

export type TurnReply = { granted: true } | { granted: false; askAgainMs: number }

/**
 * Turns to call an action's handler, shared by all workers. The limits are never exceeded, in any span of time: a turn
 * counts from the moment it is granted, and towards the rate until the full time after the call's real beginning.
 */
export class Turns {
  readonly #keys: readonly [holders: string, starts: string, waiting: string, asked: string]

  constructor(private readonly options: TurnsOptions) {
    this.#keys = options.keys.turns(options.identity)
  }

  /** Asks for a turn under this token, and gives back another one with it ('' for none). */
  async take(token: string, giveBack: string): Promise<TurnReply> {
    const { redis, worker, limits, leaseMs, keys, identity } = this.options
    const reply = (await takeTurn.run(
      redis,
      ...this.#keys,
      worker,
      token,
      giveBack,
      limits.concurrency ?? 0,
      limits.rate?.max ?? 0,
      limits.rate?.perMs ?? 0,
      leaseMs,
      keys.turnChannel(identity),
    )) as [granted: 0 | 1, askAgainMs?: number]
    return reply[0] === 1 ? { granted: true } : { granted: false, askAgainMs: reply[1] ?? 0 }
  }

  /** The call begins now. */
  async begin(token: string): Promise<void> {
    const { redis, limits } = this.options
    if (limits.rate) await beginTurn.run(redis, this.#keys[1], token, limits.rate.perMs)
  }

  /** No call was made with it: it does not count towards the rate. */
  async discard(token: string): Promise<void> {
    if (this.options.limits.rate) await this.options.redis.zrem(this.#keys[1], token)
    await this.giveBack(token)
  }

  async giveBack(token: string): Promise<void> {
    if (this.options.limits.concurrency !== undefined) await this.take('', token)
  }

  /** These calls are still going on. */
  async renew(tokens: readonly string[]): Promise<void> {
    const { redis, leaseMs, limits } = this.options
    if (limits.concurrency === undefined || tokens.length === 0) return
    const [seconds, micros] = await redis.time()
    const until = Number(seconds) * 1_000 + Number(micros) / 1_000 + leaseMs
    await redis.zadd(this.#keys[0], 'XX', ...tokens.flatMap((token) => [until, token]))
  }
}
