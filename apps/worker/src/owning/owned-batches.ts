import type { RedisClient } from '@flexaction/shared/redis'
import type { Keys } from '@flexaction/shared/redis'
import { parseLease } from '@flexaction/shared/runs'

/** A batch that this worker owns. */
export interface OwnedBatch {
  run: string
  batch: number
  /** Called once when another worker owns it, or may do so by now. */
  onLost(): void
}

export interface OwnedBatchesOptions {
  redis: RedisClient
  keys: Keys
  /** Unique per worker process. */
  worker: string
  /** How long a silent worker keeps its batches, in ms. */
  stallAfterMs: number
  onError(error: unknown): void
}

/** Leases are renewed at least this often, in ms. */
const RENEW_EVERY_MS = 2_000

/**
 * The batches that this worker owns. One command renews all their leases: it writes their tokens under a key that Redis lets
 * expire. Who reads a lease whose token is not there any more may take the batch (reconciling/recovery.ts).
 */
export class OwnedBatches {
  readonly #owned = new Map<number, OwnedBatch>()
  #count = 0
  #timer: NodeJS.Timeout | undefined
  #renewing: Promise<void> | undefined
  /** When the last renewal that succeeded was sent, by the monotonic clock; unset before the first. */
  #renewedAt = Number.NEGATIVE_INFINITY
  readonly #onReady = (): void => this.renew()

  constructor(private readonly options: OwnedBatchesOptions) {}

  async start(): Promise<void> {
    await this.#renew()
    this.options.redis.on('ready', this.#onReady)
    this.#timer = setInterval(() => this.renew(), Math.min(RENEW_EVERY_MS, this.options.stallAfterMs / 4))
  }

  /** Gives up what is left: whoever finds it may take it at once. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.options.redis.off('ready', this.#onReady)
    await this.#renewing
    await this.options.redis.del(this.#key)
  }

  /**
   * Whether the leases are certainly valid: calls may begin. They are not while Redis has not been heard of for so long that
   * others may have taken the batches.
   */
  get certain(): boolean {
    return performance.now() - this.#renewedAt < this.options.stallAfterMs
  }

  /** Enters a batch that is about to be started, and returns its token: the fence of everything that is recorded for it. */
  add(owned: OwnedBatch): { token: string; remove(): void } {
    const number = ++this.#count
    this.#owned.set(number, owned)
    return { token: `${this.options.worker}-${number}`, remove: () => void this.#owned.delete(number) }
  }

  /** Renews the leases now. */
  renew(): void {
    this.#renewing ??= this.#renew()
      .catch(this.options.onError)
      .finally(() => {
        this.#renewing = undefined
      })
  }

  get #key(): string {
    return this.options.keys.ownedBy(this.options.worker)
  }

  async #renew(): Promise<void> {
    const { redis, stallAfterMs } = this.options
    const sentAt = performance.now()
    const tokens = [...this.#owned.keys()].join(' ')
    const before = await redis.set(this.#key, tokens, 'PX', stallAfterMs, 'GET')
    const late = sentAt - this.#renewedAt >= stallAfterMs
    // They had expired: another worker may have taken some of the batches.
    if (before === null || late) await this.#verify()
    this.#renewedAt = sentAt
  }

  async #verify(): Promise<void> {
    const { redis, keys, worker } = this.options
    await Promise.all(
      [...this.#owned].map(async ([number, owned]) => {
        const lease = await redis.hget(keys.leases(owned.run), String(owned.batch))
        const token = lease === null ? '' : parseLease(lease).token
        // One that is just being started has no lease yet, and is refused one if it is too late.
        if (token !== '' && token !== `${worker}-${number}`) owned.onLost()
      }),
    )
  }
}

/** The worker and the number that a lease's token names. */
export function parseToken(token: string): { worker: string; number: string } {
  const dash = token.lastIndexOf('-')
  return { worker: token.slice(0, dash), number: token.slice(dash + 1) }
}
