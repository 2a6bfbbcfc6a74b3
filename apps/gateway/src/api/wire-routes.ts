import type Router from '@koa/router'
import { mayWatch } from '../access/caller.js'
import type { RunAccess } from '../access/run-access.js'
import { answerJson, callerOf, type GatewayContext, type GatewayState } from '../http/context.js'
import type { WireLog } from '../wire/wire-log.js'

/** `GET /wire`: the last messages with their answers, newest first. For operators: they hold what people typed. */
export function addWireRoutes(router: Router<GatewayState>, wire: WireLog, runs: RunAccess): void {
  router.get('/wire', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    const caller = callerOf(gctx)
    const entries = (await wire.read()).filter(({ user, action }) => {
      if (user === caller.name) return true
      if (runs.seesOwnAlone(caller)) return false
      return action === undefined || mayWatch(caller, runs.permissionOf(action))
    })
    answerJson(gctx, 200, { entries })
  })
}
