import type { GatewayContext } from '../http/context.js'

/** Whether the browser speaks https, to this gateway or to a proxy before it. */
export function isSecure(ctx: GatewayContext): boolean {
  if (ctx.secure) return true
  const [first = ''] = ctx.get('X-Forwarded-Proto').split(',')
  if (first.trim().toLowerCase() === 'https') return true
  const [nearest = ''] = ctx.get('Forwarded').split(',')
  return /(?:^|;)\s*proto="?https"?\s*(?:;|$)/i.test(nearest)
}

/** A cookie for this host alone, which scripts cannot read. Over https its name says so, and browsers hold others to it. */
class HostCookie {
  constructor(
    private readonly name: string,
    private readonly sameSite: 'Strict' | 'Lax',
  ) {}

  /** What the browser sent, if anything. */
  read(ctx: GatewayContext): string | undefined {
    return ctx.cookies.get(this.#nameFor(isSecure(ctx)))
  }

  /** An empty value in the past takes it away. */
  set(ctx: GatewayContext, value: string, expires: Date): void {
    const secure = isSecure(ctx)
    ctx.append(
      'Set-Cookie',
      `${this.#nameFor(secure)}=${value}; Path=/; HttpOnly; SameSite=${this.sameSite}${secure ? '; Secure' : ''}; Expires=${expires.toUTCString()}`,
    )
  }

  #nameFor(secure: boolean): string {
    return secure ? `__Host-${this.name}` : this.name
  }
}

export const SESSION_COOKIE = new HostCookie('flexaction_session', 'Strict')

/** Sent along when the provider of an organisation's login sends a person back, who comes from another site then. */
export const BEGUN_LOGIN_COOKIE = new HostCookie('flexaction_login', 'Lax')
