import { createHmac, timingSafeEqual } from 'node:crypto'
import type { AuthToken, Caller } from './auth-tokens.js'

export const SESSION_COOKIE = 'flexaction_session'

/** How long a login lasts, in ms. */
const LASTS_MS = 12 * 3_600_000

/**
 * Logins of browsers. A session is a signed text in a cookie: the token's name, when the login ends, and a signature made with
 * the token's hash. So gateways with the same tokens know each other's sessions without storing any, and a session ends
 * with its token.
 */
export class Sessions {
  constructor(private readonly tokens: readonly AuthToken[]) {}

  /** A session for the owner of a token. */
  issue({ name, role }: Caller, now: number): { value: string; endsAt: Date } | undefined {
    const token = this.tokens.find((one) => one.name === name && one.role === role)
    if (!token) return undefined
    const endsAt = new Date(now + LASTS_MS)
    const claim = `${Buffer.from(name).toString('base64url')}.${endsAt.getTime()}`
    return { value: `${claim}.${sign(token, claim)}`, endsAt }
  }

  /** Who a session belongs to; `undefined` when it has ended or is not genuine. */
  callerOf(value: string, now: number): Caller | undefined {
    const [, claim = '', name = '', endsAt = '', signature = ''] = /^(([\w-]+)\.(\d+))\.([\w-]+)$/.exec(value) ?? []
    if (!(Number(endsAt) > now)) return undefined
    const named = Buffer.from(name, 'base64url').toString('utf8')
    const token = this.tokens.find((one) => one.name === named && isSame(sign(one, claim), signature))
    return token && { name: token.name, role: token.role }
  }
}

function sign({ hash, role }: AuthToken, claim: string): string {
  return createHmac('sha256', hash).update(`session ${role} ${claim}`).digest('base64url')
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
