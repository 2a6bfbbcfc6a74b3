import type { MetricsText } from '@flexaction/shared/metrics'
import type Router from '@koa/router'
import type { GatewayState } from '../http/context.js'

export const METRICS_PATH = '/metrics'

/** `GET /metrics`, as Prometheus reads it. */
export function addMetricsRoute(router: Router<GatewayState>, read: () => Promise<MetricsText>): void {
  router.get(METRICS_PATH, async (ctx) => {
    const { contentType, text } = await read()
    ctx.set('Content-Type', contentType)
    ctx.body = text
  })
}
