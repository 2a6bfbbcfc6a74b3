import type { GatewayContext } from '../http/context.js'

const NAME = 'flexaction_session'
/** Browsers take a cookie of this kind from this very host alone, over https alone. */
const SECURE_NAME = `__Host-${NAME}`

/** Whether the browser speaks https, to this gateway or to a proxy before it. */
export function isSecure(ctx: GatewayContext): boolean {
  if (ctx.secure) return true
  const [first = ''] = ctx.get('X-Forwarded-Proto').split(',')
  if (first.trim().toLowerCase() === 'https') return true
  const [nearest = ''] = ctx.get('Forwarded').split(',')
  return /(?:^|;)\s*proto="?https"?\s*(?:;|$)/i.test(nearest)
}

/** What the browser sent as its session, if anything. */
export function readSessionCookie(ctx: GatewayContext): string | undefined {
  return ctx.cookies.get(isSecure(ctx) ? SECURE_NAME : NAME)
}

/** Sets the session's cookie; an empty one in the past takes it away. */
export function setSessionCookie(ctx: GatewayContext, value: string, expires: Date): void {
  const secure = isSecure(ctx)
  ctx.append(
    'Set-Cookie',
    `${secure ? SECURE_NAME : NAME}=${value}; Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}; Expires=${expires.toUTCString()}`,
  )
}
