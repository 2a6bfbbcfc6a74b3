import { isOfDashboard } from './areas.js'
import type { GatewayContext, GatewayMiddleware } from './context.js'

const PREFIX = /^(?:\/[\w.~-]+)+$/

/**
 * Takes what a proxy puts before the gateway's paths off the request's path, and keeps it as `state.base`: what the addresses in answers
 * begin with. A proxy that strips its prefix says it in `X-Forwarded-Prefix`; one that keeps it is seen by the path itself, before the API's
 * prefix.
 */
export function basePath(apiPrefix: string): GatewayMiddleware {
  return async (ctx, next) => {
    ctx.state.base = forwardedPrefix(ctx) ?? ''
    takeOff(ctx, ctx.state.base)
    const kept = keptBefore(ctx.path, apiPrefix)
    if (kept !== '') {
      ctx.state.base += ctx.state.base.endsWith(kept) ? '' : kept
      takeOff(ctx, kept)
    }
    return next()
  }
}

/** What others may write there is not believed: it would be shown as an address. With several proxies, the first one counts. */
function forwardedPrefix(ctx: GatewayContext): string | undefined {
  const [first = ''] = ctx.get('X-Forwarded-Prefix').split(',', 1)
  const prefix = first.trim().replace(/\/+$/, '')
  return PREFIX.test(prefix) ? prefix : undefined
}

function takeOff(ctx: GatewayContext, prefix: string): void {
  if (prefix !== '' && (ctx.path === prefix || ctx.path.startsWith(`${prefix}/`)))
    ctx.path = ctx.path.slice(prefix.length) || '/'
}

/** What stands before the API's prefix; '' when the path begins with it, or does not have it. The dashboard's API is another one. */
function keptBefore(path: string, apiPrefix: string): string {
  if (path === apiPrefix || path.startsWith(`${apiPrefix}/`)) return ''
  const at = `${path}/`.indexOf(`${apiPrefix}/`)
  const before = at === -1 ? '' : path.slice(0, at)
  const ofDashboard = isOfDashboard(before.slice(before.lastIndexOf('/')))
  return PREFIX.test(before) && !ofDashboard ? before : ''
}
