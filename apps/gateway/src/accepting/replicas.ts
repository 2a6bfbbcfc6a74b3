import type { RedisClient } from '@flexaction/shared/redis'
import { uncertainWhetherAccepted } from '@flexaction/shared/runs'
import type { Redis } from 'ioredis'

/** Replicas that follow have received a write after a millisecond or two; a caller waits for no longer than this, in ms. */
const WITHIN_MS = 400

/**
 * Waits until replicas have received what was written. Redis holds everything else on a connection up meanwhile, so it has a connection of
 * its own; those who wait at the same time share one question.
 */
export class Replicas {
  #asked: Promise<number> | undefined
  #next: Promise<number> | undefined

  /** `atLeast`: so many replicas; 0: nothing is waited for. */
  constructor(
    private readonly redis: RedisClient,
    private readonly atLeast: number,
  ) {}

  /** Resolves when the write was done and replicas have it. Throws `unavailable`, saying that it is not certain, when they do not. */
  async have(write: () => Promise<void>): Promise<void> {
    if (this.atLeast === 0) return await write()
    const { stream } = this.redis as Redis
    await write()
    const reached = await this.#ask().catch((error: unknown) => {
      throw uncertainWhetherAccepted(error)
    })
    // Another connection, perhaps to another server, knows nothing of this write: its answer says nothing.
    if (reached >= this.atLeast && (this.redis as Redis).stream === stream) return
    const why = `Fewer than ${this.atLeast} replicas of the store confirmed the run in time`
    throw uncertainWhetherAccepted(undefined, why)
  }

  /** What was asked before this write says nothing of it: whoever comes meanwhile waits for the next question. */
  #ask(): Promise<number> {
    if (!this.#asked) return this.#send()
    this.#next ??= this.#asked
      .catch(() => 0)
      .then(() => {
        this.#next = undefined
        return this.#send()
      })
    return this.#next
  }

  #send(): Promise<number> {
    const asked = (this.redis as Redis).wait(this.atLeast, WITHIN_MS).finally(() => {
      if (this.#asked === asked) this.#asked = undefined
    })
    this.#asked = asked
    return asked
  }
}
