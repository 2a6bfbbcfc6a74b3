import type { Role } from '@flexaction/shared'
import { FlexActionError } from '@flexaction/shared/errors'
import { type AuthToken, type Caller, findCaller, mayActAs } from './auth-tokens.js'
import { parseAuthorization } from './authorization-header.js'

/** Tells callers by their Authorization header. */
export class Authenticator {
  constructor(private readonly tokens: readonly AuthToken[]) {}

  /** Throws `not_authenticated` when the header is missing or its token unknown. */
  authenticate(header: string): Caller {
    const credential = parseAuthorization(header)
    if (!credential) {
      throw new FlexActionError(
        'not_authenticated',
        "Not authenticated: send the header 'Authorization: Token <token>'",
      )
    }
    const token = credential.scheme === 'basic' ? passwordOf(credential.value) : credential.value
    const caller = findCaller(this.tokens, token)
    if (!caller) throw new FlexActionError('not_authenticated', 'Not authenticated: the token is not known')
    return caller
  }
}

/** Throws `not_permitted` unless the caller has the role, or a higher one. */
export function requireRole(caller: Caller, role: Role, what: string): void {
  if (mayActAs(caller, role)) return
  throw new FlexActionError(
    'not_permitted',
    `Not permitted: ${what} needs the role ${role}, '${caller.name}' is ${caller.role}`,
  )
}

/** Browsers ask for a name and a password: the token is the password. */
function passwordOf(basic: string): string {
  const text = Buffer.from(basic, 'base64').toString('utf8')
  return text.slice(text.indexOf(':') + 1)
}
