import { FlexActionError } from '@flexaction/shared/errors'
import type { SessionView } from '@flexaction/shared/views'
import type Router from '@koa/router'
import type { Caller } from '../access/auth-tokens.js'
import type { Authenticator } from '../access/authenticator.js'
import { isSameOrigin } from '../access/same-origin.js'
import { SESSION_COOKIE } from '../access/sessions.js'
import { answerJson, type GatewayContext, type GatewayMiddleware, type GatewayState } from '../http/context.js'
import { readBody } from '../http/read-body.js'
import { VERSION } from '../version.js'

const LARGEST_LOGIN_BYTES = 10_000

/**
 * `GET /session`: who is logged in, or null. `POST /session` with `{"token": …}`: log in; the answer sets a cookie that scripts cannot
 * read. `DELETE /session`: log out. To be added before authentication is asked for.
 */
export function addSessionRoutes(router: Router<GatewayState>, authenticator: Authenticator): void {
  router.get('/session', (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    const caller =
      authenticator.sessionOf(gctx) ?? (gctx.get('Authorization') === '' ? undefined : authenticator.callerOf(gctx))
    if (caller) gctx.state.caller = caller
    answerJson(gctx, 200, caller ? viewSession(caller) : null)
  })

  router.post('/session', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    requireOwnPage(gctx)
    await readLogin(gctx, () => Promise.resolve())
    const { token } = (gctx.request.body ?? {}) as { token?: unknown }
    if (typeof token !== 'string' || token.trim() === '')
      throw FlexActionError.fields({ token: ['this field is required'] })
    const caller = findCaller(authenticator, token.trim())
    const session = authenticator.sessions.issue(caller, Date.now())
    if (!session) throw new FlexActionError('not_authenticated', 'This token cannot log in')
    gctx.state.caller = caller
    setCookie(gctx, session.value, session.endsAt)
    answerJson(gctx, 200, viewSession(caller))
  })

  router.delete('/session', (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    requireOwnPage(gctx)
    setCookie(gctx, '', new Date(0))
    gctx.status = 204
  })
}

const readLogin: GatewayMiddleware = readBody(LARGEST_LOGIN_BYTES)

function findCaller(authenticator: Authenticator, token: string): Caller {
  try {
    return authenticator.authenticate(`Token ${token}`)
  } catch {
    throw FlexActionError.fields({ token: ['is not known: check AUTH_TOKENS, or the line that `npm start` printed'] })
  }
}

function requireOwnPage(ctx: GatewayContext): void {
  if (!isSameOrigin(ctx))
    throw new FlexActionError('not_permitted', 'Not permitted: log in and out from the console itself')
}

function setCookie(ctx: GatewayContext, value: string, expires: Date): void {
  const secure = ctx.secure || ctx.get('X-Forwarded-Proto') === 'https' ? '; Secure' : ''
  ctx.append(
    'Set-Cookie',
    `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict${secure}; Expires=${expires.toUTCString()}`,
  )
}

function viewSession({ name, role }: Caller): SessionView {
  return { name, role, version: VERSION }
}
