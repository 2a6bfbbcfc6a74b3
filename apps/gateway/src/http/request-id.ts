import type { Logger } from '@flexaction/shared/logging'
import { cutText } from '@flexaction/shared/texts'
import { randomUUID } from 'node:crypto'
import type { Area } from './areas.js'
import type { ClientAddress } from './client-address.js'
import type { GatewayMiddleware } from './context.js'

const ACCEPTABLE = /^[\w.:-]{1,100}$/
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
      const line = {
        request: id,
        method: ctx.method,
        path: cutText(ctx.path, LONGEST_PATH),
        status: ctx.status,
        ms: Math.round((performance.now() - began) * 10) / 10,
        ...(ctx.state.caller && { user: ctx.state.caller.name }),
        ...ctx.state.logged,
      }
      if (ctx.path === '/healthz' || ctx.path === '/readyz') lines.debug(line, 'request')
      else lines.info(line, 'request')
    })
    await next()
  }
}
