import type { Keys, RedisClient } from '@flexaction/shared/redis'
import { hash, randomBytes } from 'node:crypto'
import type { AuthToken } from './auth-tokens.js'
import { type Caller, toCaller } from './caller.js'
import { fingerprintOf, type TokenBook } from './token-book.js'

/** How long a login lasts, in ms. */
const LASTS_MS = 12 * 3_600_000

/** A login with a token, which ends with the token; or by the organisation's login. */
type StoredSession = { token: string } | { caller: Caller }

/**
 * Logins of browsers. The cookie holds a random text and nothing else; whom it stands for is kept in Redis, under the hash of
 * that text, so that every gateway knows it, and a logout ends it everywhere at once.
 */
export class Sessions {
  constructor(
    private readonly redis: RedisClient,
    private readonly keys: Keys,
    private readonly book: TokenBook,
  ) {}

  /** A session for the owner of a token. */
  async begin(token: AuthToken): Promise<{ cookie: string; endsAt: Date }> {
    const endsAt = Math.min(Date.now() + LASTS_MS, token.expiresAt ?? Number.POSITIVE_INFINITY)
    return await this.#begin({ token: fingerprintOf(token) }, new Date(endsAt))
  }

  /** A session for whom the organisation's login has told. */
  async beginFor(caller: Caller): Promise<{ cookie: string; endsAt: Date }> {
    return await this.#begin({ caller: toCaller(caller) }, new Date(Date.now() + LASTS_MS))
  }

  async #begin(stored: StoredSession, endsAt: Date): Promise<{ cookie: string; endsAt: Date }> {
    const cookie = randomBytes(32).toString('base64url')
    await this.redis.set(this.#key(cookie), JSON.stringify(stored), 'PXAT', endsAt.getTime())
    return { cookie, endsAt }
  }

  /** Whom a cookie stands for; `undefined` when the session, or the token that it was begun with, has ended. */
  async callerOf(cookie: string): Promise<Caller | undefined> {
    const text = await this.redis.get(this.#key(cookie))
    if (text === null) return undefined
    const stored = JSON.parse(text) as StoredSession
    if ('caller' in stored) return stored.caller
    const token = this.book.byFingerprint(stored.token)
    return token && toCaller(token)
  }

  async end(cookie: string): Promise<void> {
    await this.redis.del(this.#key(cookie))
  }

  #key(cookie: string): string {
    return this.keys.session(hash('sha256', cookie, 'base64url'))
  }
}
