import { FlexActionError } from '@flexaction/shared/errors'
import type { Keys, RedisClient } from '@flexaction/shared/redis'
import type { Keyring } from '@flexaction/shared/secrets'
import { newRunId } from '@flexaction/shared/runs'
import { createHash } from 'node:crypto'
import type { JsonObject } from '../messages/parse-message.js'

/** Keys count this long at most; shorter when ended runs are kept for less. */
const MOST_KEPT_MS = 24 * 3_600_000
const ACCEPTABLE = /^[\x21-\x7e]{1,255}$/

/** Makes digests that only the holder of a key can make; absent for requests without secrets. */
type Secrecy = Pick<Keyring, 'digest'> | undefined

/** A key's run. */
export interface Claim {
  runId: string
  /** The key was used before, for the same request: this is its run, unless its acceptance was cut short. */
  replayed: boolean
  /** The run was accepted: if it is missing now, it is no longer kept. */
  accepted: boolean
}

/** The runs that requests with an Idempotency-Key have made (DESIGN section 5). Keys are each user's own. */
export class IdempotencyKeys {
  readonly #keptMs: number

  constructor(
    private readonly redis: RedisClient,
    private readonly keys: Keys,
    retentionMs: number,
    private readonly now: () => number,
  ) {
    this.#keptMs = Math.min(MOST_KEPT_MS, retentionMs)
  }

  /**
   * Ties the key to a run: to a new one the first time, to the same one ever after. So requests that come at the same time
   * accept one and the same run, which is harmless to repeat. `secrets`: makes the digest of a request that holds secrets. Throws `conflict` when the key came with another request.
   */
  async claim(user: string, key: string, params: JsonObject, secrets: Secrecy): Promise<Claim> {
    if (!ACCEPTABLE.test(key)) {
      throw FlexActionError.fields({
        non_field_errors: ['Idempotency-Key must be 1 to 255 visible ASCII characters, such as a UUID'],
      })
    }
    const place = this.keys.idempotency(digest(JSON.stringify([user, key])))
    const request = digestOf(params, secrets)
    const runId = newRunId(this.now())
    if (await this.redis.set(place, `${runId} ${request}`, 'PX', this.#keptMs, 'NX')) {
      return { runId, replayed: false, accepted: false }
    }
    const [known, before, accepted] = ((await this.redis.get(place)) ?? '').split(' ')
    // Expired in this very moment: the next try claims it anew.
    if (known === undefined || known === '') return this.claim(user, key, params, secrets)
    if (before !== digestOf(params, secrets, before))
      throw new FlexActionError('conflict', 'This Idempotency-Key was used for another request: use a new key')
    return { runId: known, replayed: true, accepted: accepted !== undefined }
  }

  /** The key's run was accepted. */
  async accepted(user: string, key: string, params: JsonObject, secrets: Secrecy, runId: string): Promise<void> {
    const place = this.keys.idempotency(digest(JSON.stringify([user, key])))
    const value = `${runId} ${digestOf(params, secrets)} accepted`
    await this.redis.set(place, value, 'PX', this.#keptMs, 'XX')
  }
}

/** What a key is remembered with must not tell what a secret may be: with it, anybody could try all that it may be. */
function digestOf(params: JsonObject, secrets: Secrecy, like?: string): string {
  const text = JSON.stringify(params)
  return secrets ? secrets.digest(text, like) : digest(text)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
