import type { Role } from '@flexaction/shared'
import { FlexActionError } from '@flexaction/shared/errors'
import { type AuthToken, type Caller, findCaller, mayActAs } from './auth-tokens.js'
import type { GatewayContext } from '../http/context.js'
import { parseAuthorization } from './authorization-header.js'
import { isSameOrigin } from './same-origin.js'
import { SESSION_COOKIE, Sessions } from './sessions.js'

/** Tells callers by their Authorization header, or by the session of a browser that has logged in. */
export class Authenticator {
  readonly sessions: Sessions

  constructor(private readonly tokens: readonly AuthToken[]) {
    this.sessions = new Sessions(tokens)
  }

  /** The caller of a request. A session counts for the gateway's own pages alone. Throws `not_authenticated`. */
  callerOf(ctx: GatewayContext): Caller {
    const header = ctx.get('Authorization')
    if (header !== '') return this.authenticate(header)
    return this.sessionOf(ctx) ?? this.authenticate('')
  }

  /** Who has logged in with the browser that sends this. */
  sessionOf(ctx: GatewayContext): Caller | undefined {
    const session = ctx.cookies.get(SESSION_COOKIE)
    const caller = session === undefined ? undefined : this.sessions.callerOf(session, Date.now())
    return caller && isSameOrigin(ctx) ? caller : undefined
  }

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
