import type { Role } from '@flexaction/shared'
import type { GatewayContext, GatewayMiddleware } from '../http/context.js'
import type { Authenticator } from './authenticator.js'
import { requirePermission } from './caller.js'
import type { RequestQuota } from './request-quota.js'

/** What a request needs before anything else happens: a role, or nothing. */
export type Needs = Role | 'nothing'

export interface GateOptions {
  authenticator: Authenticator
  quota: RequestQuota
  /** What a request needs. Whatever is not known needs a caller, at least. */
  needsOf(ctx: GatewayContext): Needs
  /** Whether a password is taken here, as browsers ask for it. */
  takesPasswords(ctx: GatewayContext): boolean
}

/**
 * Stands before every route, once: tells who is calling, and whether one with that role may come in. What needs nothing is a list
 * of exact entries; all else is refused without a token, whether there is such a route or not.
 */
export function gate({ authenticator, quota, needsOf, takesPasswords }: GateOptions): GatewayMiddleware {
  return async (ctx, next) => {
    const needs = needsOf(ctx)
    if (needs === 'nothing') return next()
    const caller = await authenticator.callerOf(ctx, takesPasswords(ctx))
    ctx.state.caller = caller
    await quota.count(caller.name)
    requirePermission(caller, needs, `${ctx.method} ${ctx.path.slice(0, 200)}`)
    return next()
  }
}
