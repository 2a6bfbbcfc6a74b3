import koaCors from '@koa/cors'
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
  return koaCors({
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
}

/** Whatever asks with OPTIONS gets an answer without authentication; `X-HTTP-Method-Override` makes no request one. */
export const answerOptions: GatewayMiddleware = async (ctx, next) => {
  if (ctx.method !== 'OPTIONS') return await next()
  ctx.set('Allow', 'GET, HEAD, POST, OPTIONS')
  ctx.status = 204
  return undefined
}
