import { FlexActionError } from '@flexaction/shared/errors'
import type { SessionView } from '@flexaction/shared/views'
import type Router from '@koa/router'
import type { AuthToken } from '../access/auth-tokens.js'
import { type Caller, toCaller } from '../access/caller.js'
import type { Authenticator } from '../access/authenticator.js'
import { isSameOrigin } from '../access/same-origin.js'
import { SESSION_COOKIE } from '../access/session-cookie.js'
import type { Sessions } from '../access/sessions.js'
import type { BodyBounds } from '../http/bounded-body.js'
import { answerJson, type GatewayContext, type GatewayState } from '../http/context.js'
import { readBody } from '../http/read-body.js'
import { VERSION } from '../version.js'

const LARGEST_LOGIN_BYTES = 10_000

/**
 * `GET /session`: who is logged in, or null. `POST /session` with `{"token": …}`: log in; the answer sets a cookie that scripts cannot
 * read. `DELETE /session`: log out; the session ends on the server, wherever its cookie may have got to.
 */
export function addSessionRoutes(
  router: Router<GatewayState>,
  authenticator: Authenticator,
  sessions: Sessions,
  bounds: BodyBounds,
): void {
  const readLogin = readBody(LARGEST_LOGIN_BYTES, bounds)
  router.get('/session', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    const caller =
      gctx.get('Authorization') === '' ? await authenticator.sessionOf(gctx) : await authenticator.callerOf(gctx, false)
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
    const found = await findToken(authenticator, gctx, token.trim())
    const caller = toCaller(found)
    gctx.state.caller = caller
    const { cookie, endsAt } = await sessions.begin(found)
    SESSION_COOKIE.set(gctx, cookie, endsAt)
    answerJson(gctx, 200, viewSession(caller))
  })

  router.delete('/session', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    requireOwnPage(gctx)
    const cookie = SESSION_COOKIE.read(gctx)
    if (cookie !== undefined) await sessions.end(cookie)
    SESSION_COOKIE.set(gctx, '', new Date(0))
    gctx.status = 204
  })
}

async function findToken(authenticator: Authenticator, ctx: GatewayContext, token: string): Promise<AuthToken> {
  try {
    return await authenticator.tokenOf(ctx, token)
  } catch (error) {
    if (!(error instanceof FlexActionError && error.code === 'not_authenticated')) throw error
    throw FlexActionError.fields({ token: ['is not known: check AUTH_TOKENS, or the line that `npm start` printed'] })
  }
}

function requireOwnPage(ctx: GatewayContext): void {
  if (!isSameOrigin(ctx))
    throw new FlexActionError('not_permitted', 'Not permitted: log in and out from the console itself')
}

function viewSession({ name, role }: Caller): SessionView {
  return { name, role, version: VERSION }
}
