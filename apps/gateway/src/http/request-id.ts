import type { Logger } from '@flexaction/shared/logging'
import { cutText } from '@flexaction/shared/texts'
import { randomUUID } from 'node:crypto'
import type { Area } from './areas.js'
import type { ClientAddress } from './client-address.js'
import type { GatewayContext, GatewayMiddleware } from './context.js'

const ACCEPTABLE = /^[\w.:-]{1,100}$/
/** What probes and scrapers ask for all the time. */
const QUIET_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics'])
/** Characters of a path that are logged. */
const LONGEST_PATH = 200

/**
 * Gives each request an id (the caller's own, if it sent a sane one), its area, its client's address and a logger, and writes one
 * log line when its answer was sent, or its caller has gone.
 */
export function requestId(
  logger: Logger,
  areaOf: (method: string, path: string) => Area,
  addressOf: ClientAddress,
  onAnswered: (route: string, status: number, ms: number) => void,
): GatewayMiddleware {
  // Its lines hold none of the names that are masked; looking for them would be most of a line's cost.
  const lines = logger.child({}, { redact: [] })
  return async (ctx, next) => {
    const given = ctx.get('X-Request-Id')
    const id = ACCEPTABLE.test(given) ? given : randomUUID()
    ctx.set('X-Request-Id', id)
    ctx.state.requestId = id
    ctx.state.logged = {}
    ctx.state.area = areaOf(ctx.method, ctx.path)
    ctx.state.address = addressOf(ctx.req)
    ctx.state.logger = logger
    const began = performance.now()
    ctx.res.once('close', () => {
      const ms = performance.now() - began
      onAnswered(routeOf(ctx), ctx.status, ms)
      const line = {
        request: id,
        method: ctx.method,
        path: cutText(ctx.path, LONGEST_PATH),
        status: ctx.status,
        ms: Math.round(ms * 10) / 10,
        ...(ctx.state.caller && { user: ctx.state.caller.name }),
        ...ctx.state.logged,
      }
      if (QUIET_PATHS.has(ctx.path)) lines.debug(line, 'request')
      else lines.info(line, 'request')
    })
    await next()
  }
}

/** What a request is counted under: the pattern of the API's route that has answered, else its area. */
function routeOf(ctx: GatewayContext): string {
  const { area } = ctx.state
  // oxlint-disable-next-line no-underscore-dangle -- the router's own name for it
  const route: unknown = ctx._matchedRoute
  return area === 'api' && typeof route === 'string' ? route : area
}
