import type { RecordPage } from '@flexaction/shared'
import { FlexActionError } from '@flexaction/shared/errors'
import { collectionTopic, type RecordsRequest, type RpcClient } from '@flexaction/shared/rpc'
import type Router from '@koa/router'
import type { CatalogView } from '../catalog/catalog-view.js'
import { answerJson, callerOf, type GatewayContext, type GatewayState } from '../http/context.js'
import { nobody } from '../messages/field-options.js'
import { recordsQuery } from './openapi/queries.js'
import { readQuery } from './query.js'

export interface CollectionsOptions {
  catalog: CatalogView
  rpc: RpcClient
  /** How long an answer of a worker is waited for, in ms. */
  withinMs: number
}

/** `GET /collections`, and `/collections/:name/records?search=&cursor=&limit=`: what pickers and tables show. */
export function addCollectionsRoutes(
  router: Router<GatewayState>,
  { catalog, rpc, withinMs }: CollectionsOptions,
): void {
  router.get('/collections', (ctx) => {
    const names = catalog.collectionsFor(callerOf(ctx as unknown as GatewayContext))
    const collections = names.map((name) => ({ name, workers: catalog.workersListing(name).length }))
    answerJson(ctx as unknown as GatewayContext, 200, { collections })
  })

  router.get('/collections/:name/records', async (ctx) => {
    const name = ctx.params.name ?? ''
    const caller = callerOf(ctx as unknown as GatewayContext)
    if (!catalog.lists(name)) {
      const known = catalog.collectionsFor(caller).join(', ') || 'none'
      throw new FlexActionError('not_found', `There is no collection '${name.slice(0, 100)}' (there are: ${known})`)
    }
    catalog.requireReader(caller, name)
    const { cursor, search, limit } = readQuery(ctx.query, recordsQuery)
    const question: RecordsRequest = {
      limit,
      ...(cursor !== undefined && { cursor }),
      ...(search !== undefined && { search }),
    }
    const workers = catalog.workersListing(name)
    if (workers.length === 0) throw nobody(`the collection '${name}'`)
    const { records, next } = (await rpc.request(collectionTopic(name), question, withinMs, workers)) as RecordPage
    answerJson(ctx as unknown as GatewayContext, 200, { records, ...(next !== undefined && { next }) })
  })
}
