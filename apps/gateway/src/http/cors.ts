import koaCors from '@koa/cors'
import type { Area } from './areas.js'
import type { GatewayMiddleware } from './context.js'

const ALLOW_HEADERS = [
  'Authorization',
  'Content-Type',
  'Accept',
  'Prefer',
  'Idempotency-Key',
  'X-Requested-With',
  'DNT',
  'User-Agent',
  'If-Modified-Since',
  'Cache-Control',
  'Range',
  'Pragma',
  'X-Request-Id',
  'X-Application-Warning',
  'X-HTTP-Method-Override',
  'X-Bridge-Settings',
  'X-Stick-Session',
  'If-None-Match',
  'Last-Event-ID',
  // What tracing in a page adds to its requests.
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace',
]

const EXPOSE_HEADERS = [
  'Content-Disposition',
  'ETag',
  'Idempotent-Replayed',
  'Location',
  'Preference-Applied',
  'Retry-After',
  'X-Run-Id',
  'X-Request-Id',
  'X-Application-Warning',
]

const PREFLIGHT_COUNTS_SECONDS = 600

/**
 * Lets pages of other origins call the API (PROTOCOL.md section 1): the caller of the messages endpoint is a browser. The
 * allowed origin is echoed, since with credentials a browser refuses `*`.
 */
export function cors(origins: readonly string[]): GatewayMiddleware {
  const any = origins.includes('*')
  const allowed = new Set(origins)
  const answer = koaCors({
    origin: (ctx) => {
      const origin = ctx.get('Origin')
      return any || allowed.has(origin) ? origin : ''
    },
    credentials: true,
    privateNetworkAccess: true,
    allowMethods: ['GET', 'HEAD', 'POST', 'OPTIONS'],
    allowHeaders: ALLOW_HEADERS,
    exposeHeaders: EXPOSE_HEADERS,
    maxAge: PREFLIGHT_COUNTS_SECONDS,
  }) as unknown as GatewayMiddleware
  return (ctx, next) => (isForOtherOrigins(ctx.state.area) ? answer(ctx, next) : next())
}

/**
 * Pages of other origins may call messages and the API; neither the dashboard nor the console is for them. Where there is nothing, they
 * must be able to read that, and where the messages are.
 */
function isForOtherOrigins(area: Area): boolean {
  return isOfApi(area) || area === 'nowhere'
}

function isOfApi(area: Area): boolean {
  return area === 'messages' || area === 'apiRoot' || area === 'api'
}

/** Whatever asks the API with OPTIONS gets an answer without authentication; `X-HTTP-Method-Override` makes no request one. */
export const answerOptions: GatewayMiddleware = async (ctx, next) => {
  if (ctx.method !== 'OPTIONS' || !isOfApi(ctx.state.area)) return await next()
  ctx.set('Allow', 'GET, HEAD, POST, OPTIONS')
  ctx.status = 204
  return undefined
}
