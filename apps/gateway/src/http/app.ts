import type { FileStore } from '@flexaction/shared/files'
import type { Logger } from '@flexaction/shared/logging'
import type { JobQueues } from '@flexaction/shared/queues'
import type { RunReader } from '@flexaction/shared/runs'
import { FlexActionError } from '@flexaction/shared/errors'
import Router, { type RouterMiddleware } from '@koa/router'
import Koa from 'koa'
import type { Authenticator } from '../access/authenticator.js'
import { addCatalogRoutes, type CatalogRoutesOptions } from '../api/catalog-routes.js'
import { addEventsRoutes, type EventsOptions } from '../api/events-routes.js'
import { addRunDetailsRoutes } from '../api/run-details-routes.js'
import { addCollectionsRoutes, type CollectionsOptions } from '../api/collections-routes.js'
import { addFilesRoute } from '../api/files-routes.js'
import { openApiDocument } from '../api/openapi/document.js'
import { addRunsRoutes } from '../api/runs-routes.js'
import { addSteeringRoutes, type SteeringOptions } from '../api/steering-routes.js'
import { addSessionRoutes } from '../api/session-routes.js'
import { addWireRoutes } from '../api/wire-routes.js'
import type { ConsoleFiles } from '../console/console-files.js'
import type { Dashboard } from '../dashboard/dashboard.js'
import type { Health } from '../health.js'
import type { MessagesEndpoint } from '../messages/endpoint.js'
import type { WireLog } from '../wire/wire-log.js'
import { VERSION } from '../version.js'
import { answerErrors, messagesErrors } from './answer-errors.js'
import { basePath, tidyPath } from './base-path.js'
import { answerJson, type GatewayContext, type GatewayMiddleware, type GatewayState } from './context.js'
import { answerOptions, cors } from './cors.js'
import { readBody } from './read-body.js'
import { requestId } from './request-id.js'

export interface AppOptions {
  apiPrefix: string
  /** Where browsers reach the gateways, with the path of a proxy. Default: nothing is known of it. */
  publicUrl?: string
  origins: readonly string[]
  maxBodyBytes: number
  authenticator: Authenticator
  messages: MessagesEndpoint
  reader: RunReader
  steering: SteeringOptions
  catalog: CatalogRoutesOptions
  events: EventsOptions
  queues: JobQueues
  wire: WireLog
  console: ConsoleFiles
  collections: CollectionsOptions
  files: FileStore
  dashboard: Dashboard
  health: Health
  logger: Logger
}

/** The Koa application: middlewares and routes in the order in which a request meets them. */
export function createApp(options: AppOptions): Koa<GatewayState> {
  const { apiPrefix, publicUrl = '', authenticator, dashboard, health, logger } = options
  const app = new Koa<GatewayState>()
  // Errors are answered and logged below; what still gets here broke while an answer was being sent.
  app.on('error', (error: Error) => logger.warn({ err: error }, 'an answer could not be sent whole'))

  const use = (middleware: GatewayMiddleware): unknown => app.use(middleware as unknown as Koa.Middleware)
  use(requestId(logger))
  use(basePath({ apiPrefix, publicUrl }))
  use(answerErrors(apiPrefix))
  const allowOrigins = cors(options.origins)
  use(onlyBelow(apiPrefix, allowOrigins))
  use(onlyBelow(apiPrefix, answerOptions))
  use(dashboard.guard)
  use(dashboard.routes)

  const authenticate: GatewayMiddleware = async (ctx, next) => {
    ctx.state.caller = authenticator.callerOf(ctx)
    return next()
  }
  const route = onRoute.bind(undefined, apiPrefix)
  use(route('GET', '', async (ctx) => answerJson(ctx, 200, { version: VERSION, type: 'flexaction' })))
  use(
    route(
      'POST',
      '/messages',
      chain(options.wire.record, messagesErrors, authenticate, readBody(options.maxBodyBytes), (ctx) =>
        options.messages.answer(ctx),
      ),
    ),
  )

  const open = new Router<GatewayState>()
  health.addRoutes(open)
  app.use(open.routes())

  const signed = new Router<GatewayState>({ prefix: apiPrefix })
  addFilesRoute(signed, options.files)
  const document = openApiDocument(apiPrefix)
  signed.get('/openapi.json', (ctx) => answerJson(ctx as unknown as GatewayContext, 200, document))
  app.use(signed.routes())
  const sessions = new Router<GatewayState>({ prefix: apiPrefix })
  addSessionRoutes(sessions, authenticator)
  app.use(sessions.routes())

  const api = new Router<GatewayState>({ prefix: apiPrefix })
  api.use(authenticate as unknown as RouterMiddleware<GatewayState>)
  addRunsRoutes(api, options.reader)
  addRunDetailsRoutes(api, options.reader, options.queues)
  addEventsRoutes(api, options.events)
  addSteeringRoutes(api, options.steering)
  addCatalogRoutes(api, options.catalog)
  addWireRoutes(api, options.wire)
  addCollectionsRoutes(api, options.collections)
  app.use(api.routes())
  use(options.console.serve)
  // Nothing is here. A page of another origin must be able to read that, and where the messages are.
  use(allowOrigins)
  use(answerOptions)
  return app
}

/** The API may stand behind a proxy's prefix: people paste the full address (PROTOCOL.md section 1). */
function onlyBelow(apiPrefix: string, middleware: GatewayMiddleware): GatewayMiddleware {
  const pattern = new RegExp(`${escapeRegExp(apiPrefix)}(/|$)`)
  return async (ctx, next) => (pattern.test(tidyPath(ctx.path)) ? middleware(ctx, next) : next())
}

/**
 * One route of the protocol, with or without a proxy's prefix, and with the small mistakes of an address that was typed or pasted: a
 * slash too few or too many, a space. Another method: 405.
 */
function onRoute(
  apiPrefix: string,
  method: 'GET' | 'POST',
  path: string,
  middleware: GatewayMiddleware,
): GatewayMiddleware {
  const pattern = new RegExp(`^(/.*)?${escapeRegExp(apiPrefix)}${path}$`)
  return async (ctx, next) => {
    if (!pattern.test(tidyPath(ctx.path))) return next()
    if (ctx.method === method || (method === 'GET' && ctx.method === 'HEAD')) return middleware(ctx, next)
    ctx.set('Allow', `${method}, OPTIONS`)
    throw new FlexActionError('method_not_allowed', `${ctx.path} answers ${method} only, received ${ctx.method}`)
  }
}

/** Several middlewares as one, each inside the one before. */
function chain(...middlewares: GatewayMiddleware[]): GatewayMiddleware {
  return (ctx, next) => middlewares.reduceRight<() => Promise<unknown>>((inner, one) => () => one(ctx, inner), next)()
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
