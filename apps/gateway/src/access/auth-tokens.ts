import type { Role } from '@flexaction/shared'
import { hash as oneShotHash, timingSafeEqual } from 'node:crypto'

export const ROLES: readonly Role[] = ['viewer', 'operator', 'admin']

/** Who is calling. */
export interface Caller {
  name: string
  role: Role
}

/** One entry of AUTH_TOKENS; of the token itself only its hash is kept. */
export interface AuthToken extends Caller {
  hash: Buffer
}

/** Reads AUTH_TOKENS. Throws a RangeError that names the entry by its place, never by its content. */
export function parseAuthTokens(text: string): AuthToken[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry, at) => {
      const [, name, role, token] = /^([^:]+):([^:]+):(.+)$/.exec(entry) ?? []
      if (name === undefined || role === undefined || token === undefined) {
        throw new RangeError(`must consist of name:role:token entries; entry ${at + 1} does not`)
      }
      const known = ROLES.find((one) => one === role)
      if (!known)
        throw new RangeError(`has an unknown role in entry ${at + 1} ('${name}'): allowed are ${ROLES.join(', ')}`)
      return { name, role: known, hash: hash(token) }
    })
}

/** The caller that a token belongs to. Every entry is compared, in constant time. */
export function findCaller(tokens: readonly AuthToken[], token: string): Caller | undefined {
  const given = hash(token)
  let found: Caller | undefined
  for (const { name, role, hash: known } of tokens) {
    if (timingSafeEqual(known, given)) found ??= { name, role }
  }
  return found
}

export function mayActAs(caller: Caller, role: Role): boolean {
  return ROLES.indexOf(caller.role) >= ROLES.indexOf(role)
}

function hash(token: string): Buffer {
  return oneShotHash('sha256', token, 'buffer')
}
