import type Router from '@koa/router'
import { requireRole } from '../access/authenticator.js'
import { answerJson, callerOf, type GatewayContext, type GatewayState } from '../http/context.js'
import type { WireLog } from '../wire/wire-log.js'

/** `GET /wire`: the last messages with their answers, newest first. For operators: they hold what people typed. */
export function addWireRoutes(router: Router<GatewayState>, wire: WireLog): void {
  router.get('/wire', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    requireRole(callerOf(gctx), 'operator', 'reading messages')
    answerJson(gctx, 200, { entries: await wire.read() })
  })
}
