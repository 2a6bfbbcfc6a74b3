import { FlexActionError } from '@flexaction/shared/errors'
import type { GatewayContext } from '../http/context.js'
import { parseAuthorization } from './authorization-header.js'
import type { AuthToken } from './auth-tokens.js'
import { type Caller, toCaller } from './caller.js'
import { type JwtVerifier, looksLikeJwt } from './jwt-verifier.js'
import type { RefusedAttempts } from './refused-attempts.js'
import { isSameOrigin } from './same-origin.js'
import { SESSION_COOKIE } from './session-cookie.js'
import type { Sessions } from './sessions.js'
import type { TokenBook } from './token-book.js'

export interface AuthenticatorOptions {
  book: TokenBook
  sessions: Sessions
  attempts: RefusedAttempts
  /** Absent: no JWT is taken. */
  jwt: JwtVerifier | undefined
}

/** Tells callers by their Authorization header, or by the session of a browser that has logged in. */
export class Authenticator {
  constructor(private readonly options: AuthenticatorOptions) {}

  /**
   * The caller of a request. What a browser sends by itself, a session or (where `basic` is taken) a remembered password, counts
   * for the gateway's own pages alone. Throws `not_authenticated`, and `too_many_requests` after many wrong tokens.
   */
  async callerOf(ctx: GatewayContext, basic: boolean): Promise<Caller> {
    const header = ctx.get('Authorization')
    const caller = header === '' ? await this.sessionOf(ctx) : undefined
    if (caller) return caller
    const credential = parseAuthorization(header)
    if (!credential) {
      throw new FlexActionError(
        'not_authenticated',
        "Not authenticated: send the header 'Authorization: Token <token>'",
      )
    }
    const { scheme, value } = credential
    if (scheme !== 'basic')
      return (await this.#jwtCallerOf(ctx, scheme, value)) ?? toCaller(await this.tokenOf(ctx, value))
    if (!basic)
      throw new FlexActionError(
        'not_authenticated',
        "Not authenticated: a password is taken for the queues' dashboard alone. Send the header 'Authorization: Token <token>'",
      )
    if (!isSameOrigin(ctx))
      throw new FlexActionError('not_authenticated', 'Not authenticated: this request comes from another page')
    return toCaller(await this.tokenOf(ctx, passwordOf(value)))
  }

  /** Whom a JWT stands for; `undefined` for what is none, or when no key is set. */
  async #jwtCallerOf(ctx: GatewayContext, scheme: string, value: string): Promise<Caller | undefined> {
    const { jwt, attempts } = this.options
    if (!jwt || (scheme !== 'jwt' && scheme !== 'bearer') || !looksLikeJwt(value)) return undefined
    attempts.requireAllowed(ctx.state.address, undefined)
    return await jwt.callerOf(value, () => attempts.note(ctx.state.address))
  }

  /** Who has logged in with the browser that sends this. */
  async sessionOf(ctx: GatewayContext): Promise<Caller | undefined> {
    const cookie = SESSION_COOKIE.read(ctx)
    return cookie === undefined || !isSameOrigin(ctx) ? undefined : await this.options.sessions.callerOf(cookie)
  }

  /** The token that was sent. Throws `not_authenticated` when it is not known. */
  async tokenOf(ctx: GatewayContext, token: string): Promise<AuthToken> {
    const { book, attempts } = this.options
    const { address } = ctx.state
    const found = book.find(token)
    attempts.requireAllowed(address, found)
    if (found) return found
    await attempts.note(address)
    throw new FlexActionError('not_authenticated', 'Not authenticated: the token is not known')
  }
}

/** Browsers ask for a name and a password: the token is the password. */
function passwordOf(basic: string): string {
  const text = Buffer.from(basic, 'base64').toString('utf8')
  return text.slice(text.indexOf(':') + 1)
}
