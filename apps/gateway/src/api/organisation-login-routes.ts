import { FlexActionError } from '@flexaction/shared/errors'
import type Router from '@koa/router'
import type { BegunLogin, OrganisationLogin } from '../access/organisation-login.js'
import { BEGUN_LOGIN_COOKIE, SESSION_COOKIE } from '../access/session-cookie.js'
import type { Sessions } from '../access/sessions.js'
import { LOGIN_PATH } from '../console/console-files.js'
import type { GatewayContext, GatewayState } from '../http/context.js'
import { nextQuery } from './openapi/queries.js'
import { readQuery } from './query.js'

/** How long a person may take at the provider, in ms. */
const TAKES_AT_MOST_MS = 600_000
const LONGEST_NEXT = 1_000

/**
 * `GET /session/oidc?next=`: to the provider's login. `GET /session/oidc/callback`: back from it, logged in. Without a provider there is neither.
 */
export function addOrganisationLoginRoutes(
  router: Router<GatewayState>,
  login: OrganisationLogin | undefined,
  sessions: Sessions,
): void {
  const requireLogin = (): OrganisationLogin => {
    if (!login) throw new FlexActionError('not_found', 'There is no login but by a token: OIDC_ISSUER is not set')
    return login
  }

  router.get('/session/oidc', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    const { next = '/' } = readQuery(ctx.query, nextQuery)
    // It travels in a cookie: a longer one is no page of the console.
    const { address, begun } = await requireLogin().begin(next.length > LONGEST_NEXT ? '/' : next)
    const kept = Buffer.from(JSON.stringify(begun)).toString('base64url')
    BEGUN_LOGIN_COOKIE.set(gctx, kept, new Date(Date.now() + TAKES_AT_MOST_MS))
    gctx.redirect(address)
  })

  router.get('/session/oidc/callback', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    const organisation = requireLogin()
    const begun = readBegun(BEGUN_LOGIN_COOKIE.read(gctx))
    BEGUN_LOGIN_COOKIE.set(gctx, '', new Date(0))
    try {
      if (!begun) throw new FlexActionError('not_authenticated', 'Not authenticated: no login was begun here')
      const caller = await organisation.end(gctx.querystring, begun)
      gctx.state.caller = caller
      const { cookie, endsAt } = await sessions.beginFor(caller)
      SESSION_COOKIE.set(gctx, cookie, endsAt)
      gctx.redirect(`${gctx.state.base}${LOGIN_PATH}?next=${encodeURIComponent(begun.next)}`)
    } catch (error) {
      if (!(error instanceof FlexActionError) || error.code === 'unavailable') throw error
      gctx.state.logger.warn({ err: error.cause ?? error, address: gctx.state.address }, error.message)
      // The page has a text for each: none is taken out of an address.
      gctx.redirect(`${gctx.state.base}${LOGIN_PATH}?problem=${error.code === 'not_permitted' ? 'no-role' : 'refused'}`)
    }
  })
}

function readBegun(cookie: string | undefined): BegunLogin | undefined {
  try {
    const begun = JSON.parse(Buffer.from(cookie ?? '', 'base64url').toString()) as Partial<BegunLogin> | null
    const { state, nonce, verifier, next } = begun ?? {}
    const all = [state, nonce, verifier, next]
    return all.every((one) => typeof one === 'string') ? (begun as BegunLogin) : undefined
  } catch {
    return undefined
  }
}
