import { FlexActionError } from '@flexaction/shared/errors'
import type { History } from '@flexaction/shared/history'
import type { JobQueues } from '@flexaction/shared/queues'
import type { ActionsView, ActionView, HistoryView, QueueDepth } from '@flexaction/shared/views'
import type Router from '@koa/router'
import { mayWatch } from '../access/caller.js'
import type { RunAccess } from '../access/run-access.js'
import { visibleTo } from '../access/visible-actions.js'
import type { CatalogAction, CatalogView } from '../catalog/catalog-view.js'
import { answerJson, callerOf, type GatewayContext, type GatewayState } from '../http/context.js'
import type { Workload } from '../workload/workload.js'
import { keptFor } from './kept-for.js'
import { historyQuery } from './openapi/queries.js'
import { readQuery } from './query.js'

export interface CatalogRoutesOptions {
  catalog: CatalogView
  runs: RunAccess
  queues: JobQueues
  history: History
  workload: Workload
}

/** However many pages ask: queues are counted, and the history is read, at most this often, in ms. */
const DEPTHS_KEPT_MS = 1_000
const HISTORY_KEPT_MS = 2_000

/** `GET /actions`: what is published, with who serves it. `GET /workers`: who lives. `GET /history`: what ended when. */
export function addCatalogRoutes(router: Router<GatewayState>, options: CatalogRoutesOptions): void {
  const { catalog, runs, queues, history, workload } = options
  const depthOf = keptFor(DEPTHS_KEPT_MS, (identity: string) => queues.batches(identity).depth())
  const historyOf = keptFor(HISTORY_KEPT_MS, (key: string): Promise<HistoryView> => {
    const [span, identity] = JSON.parse(key) as ['hour' | 'day', string | null]
    return history.read(span, identity ?? undefined)
  })

  router.get('/actions', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    const caller = callerOf(gctx)
    const visible = visibleTo(caller, catalog.actions)
    const depths = await Promise.all(visible.map(({ identity }) => depthOf(identity)))
    const loads = new Map((await workload.read()).map((load) => [load.identity, load]))
    const actions = visible.map((action, at) => ({
      ...viewAction(catalog, action, depths[at] as QueueDepth),
      pendingItems: loads.get(action.identity)?.items ?? 0,
    }))
    answerJson(gctx, 200, { actions, collections: [...catalog.collectionsFor(caller)] } satisfies ActionsView)
  })

  router.get('/workers', (ctx) => {
    answerJson(ctx as unknown as GatewayContext, 200, { workers: catalog.workers })
  })

  router.get('/history', async (ctx) => {
    const { span = 'hour', action: identity = null } = readQuery(ctx.query, historyQuery)
    const caller = callerOf(ctx as unknown as GatewayContext)
    if (identity !== null && !mayWatch(caller, runs.permissionOf(identity)))
      throw new FlexActionError('not_found', `There is no action '${identity.slice(0, 100)}'`)
    answerJson(ctx as unknown as GatewayContext, 200, await historyOf(JSON.stringify([span, identity])))
  })
}

function viewAction(catalog: CatalogView, action: CatalogAction, queue: QueueDepth): Omit<ActionView, 'pendingItems'> {
  const { identity, name, target, entry, permission } = action
  const workers = catalog.workersFor(identity)
  return { identity, name, target, entry, permission, workers, queue }
}
