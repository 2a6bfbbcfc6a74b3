import { FlexActionError } from '@flexaction/shared/errors'
import type Router from '@koa/router'
import type { CatalogView } from '../catalog/catalog-view.js'
import { answerJson, type GatewayContext, type GatewayState } from '../http/context.js'
import type { Workload } from '../workload/workload.js'
import { scaleQuery } from './openapi/queries.js'
import { readQuery } from './query.js'

/** `GET /scale`: how much a group of workers has to do, for autoscalers. */
export function addScaleRoute(router: Router<GatewayState>, workload: Workload, catalog: CatalogView): void {
  router.get('/scale', async (ctx) => {
    const { group } = readQuery(ctx.query, scaleQuery)
    const scale = await workload.of(group)
    if (!scale) {
      const known = [...catalog.groups.keys()].join(', ') || 'none yet: start a worker once'
      const text = `No worker of the group '${group?.slice(0, 100)}' has published anything; groups are: ${known}`
      throw new FlexActionError('not_found', text)
    }
    answerJson(ctx as unknown as GatewayContext, 200, scale)
  })
}
