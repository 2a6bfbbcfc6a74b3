import { cutText } from '@flexaction/shared/texts'
import type { FileStore } from '@flexaction/shared/files'
import type { Logger } from '@flexaction/shared/logging'
import type { JobQueues } from '@flexaction/shared/queues'
import { FlexActionError } from '@flexaction/shared/errors'
import Router from '@koa/router'
import Koa from 'koa'
import type { Caller } from '../access/caller.js'
import { gate, type GateOptions } from '../access/gate.js'
import { needsOf } from '../access/needs.js'
import type { OrganisationLogin } from '../access/organisation-login.js'
import type { RunAccess } from '../access/run-access.js'
import type { Sessions } from '../access/sessions.js'
import { addCatalogRoutes, type CatalogRoutesOptions } from '../api/catalog-routes.js'
import { addEventsRoutes, type EventsOptions } from '../api/events-routes.js'
import { addOrganisationLoginRoutes } from '../api/organisation-login-routes.js'
import { addRunDetailsRoutes } from '../api/run-details-routes.js'
import { addCollectionsRoutes, type CollectionsOptions } from '../api/collections-routes.js'
import { addFilesRoute } from '../api/files-routes.js'
import { openApiDocument } from '../api/openapi/document.js'
import { addRunsRoutes } from '../api/runs-routes.js'
import { addScaleRoute } from '../api/scale-route.js'
import { addFailuresRoutes } from '../api/failures-routes.js'
import { addSteeringRoutes, type SteeringOptions } from '../api/steering-routes.js'
import { addSessionRoutes } from '../api/session-routes.js'
import { addWireRoutes } from '../api/wire-routes.js'
import type { ConsoleFiles } from '../console/console-files.js'
import type { Dashboard } from '../dashboard/dashboard.js'
import { type Health, HEALTH_PATHS } from '../health.js'
import type { ClusterOptions, GatewayMetrics } from '../metrics/gateway-metrics.js'
import { addMetricsRoute, METRICS_PATH } from '../metrics/metrics-route.js'
import type { MessagesEndpoint } from '../messages/endpoint.js'
import type { WireLog } from '../wire/wire-log.js'
import { VERSION } from '../version.js'
import type { Outages } from '@flexaction/shared/redis'
import { answerErrors } from './answer-errors.js'
import { type Area, areas } from './areas.js'
import { basePath } from './base-path.js'
import type { BodyBounds } from './bounded-body.js'
import type { ClientAddress } from './client-address.js'
import { answerJson, callerOf, type GatewayContext, type GatewayMiddleware, type GatewayState } from './context.js'
import { answerOptions, cors } from './cors.js'
import { readBody } from './read-body.js'
import { requestId } from './request-id.js'
import { securityHeaders } from './security-headers.js'

export interface AppOptions {
  apiPrefix: string
  origins: readonly string[]
  maxBodyBytes: number
  bodyBounds: BodyBounds
  /** Whether there is anything that a caller may run. */
  runsAnything(caller: Caller): boolean
  /** Who gets in. */
  gate: Pick<GateOptions, 'authenticator' | 'quota'>
  sessions: Sessions
  /** Absent: people log in with tokens. */
  organisationLogin: OrganisationLogin | undefined
  addressOf: ClientAddress
  messages: MessagesEndpoint
  runs: RunAccess
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
  metrics: GatewayMetrics
  cluster: ClusterOptions
  /** Whether metrics are shown to anybody. */
  metricsPublic: boolean
  /** Logs outages of Redis once. */
  outages: Pick<Outages, 'note'>
  logger: Logger
}

/** Whoever may run nothing sends nothing large: no list of records. */
const SMALL_BODY_BYTES = 100_000

/** The Koa application: middlewares and routes in the order in which a request meets them. */
export function createApp(options: AppOptions): Koa<GatewayState> {
  const { apiPrefix, dashboard, logger } = options
  const app = new Koa<GatewayState>()
  // Errors are answered and logged below; what still gets here broke while an answer was being sent.
  app.on('error', (error: Error) => logger.warn({ err: error }, 'an answer could not be sent whole'))

  const api = apiRoutes(options)
  const pages = options.metricsPublic ? [...HEALTH_PATHS, METRICS_PATH] : HEALTH_PATHS
  const isPage = (path: string): boolean => pages.includes(path) || options.console.has(path)
  const { metrics } = options
  const isOfDashboard = (ctx: GatewayContext): boolean => ctx.state.area === 'dashboard'
  const use = (middleware: GatewayMiddleware): unknown => app.use(middleware as unknown as Koa.Middleware)
  // What a proxy puts before a path is taken off first of all: everything after it goes by the same path.
  use(basePath(apiPrefix))
  const count = metrics.requestAnswered.bind(metrics)
  use(requestId(logger, areas({ apiPrefix, isPage }), options.addressOf, count))
  use(options.wire.record)
  use(securityHeaders())
  use(answerErrors(apiPrefix, options.outages))
  use(cors(options.origins))
  use(answerOptions)
  use(dashboard.askToLogIn)
  use(
    gate({
      ...options.gate,
      needsOf: needsOf({ apiPrefix, api }),
      takesPasswords: isOfDashboard,
    }),
  )
  use(dashboard.routes)
  use(only('apiRoot', 'GET', async (ctx) => answerJson(ctx, 200, { version: VERSION, type: 'flexaction' })))
  const anyBody = readBody(options.maxBodyBytes, options.bodyBounds)
  const smallBody = readBody(Math.min(SMALL_BODY_BYTES, options.maxBodyBytes), options.bodyBounds)
  const body: GatewayMiddleware = (ctx, next) => (options.runsAnything(callerOf(ctx)) ? anyBody : smallBody)(ctx, next)
  use(
    only(
      'messages',
      'POST',
      chain(body, (ctx) => options.messages.answer(ctx)),
    ),
  )
  const health = new Router<GatewayState>({ sensitive: true })
  options.health.addRoutes(health)
  addMetricsRoute(health, () => metrics.readAll(options.cluster))
  app.use(health.routes())
  app.use(api.routes())
  use(options.console.serve)
  return app
}

/** Everything below the API's prefix but its root and the messages. */
function apiRoutes(options: AppOptions): Router<GatewayState> {
  const { apiPrefix } = options
  const router = new Router<GatewayState>({ prefix: apiPrefix, sensitive: true })
  addFilesRoute(router, options.files)
  const document = openApiDocument(apiPrefix)
  router.get('/openapi.json', (ctx) => answerJson(ctx as unknown as GatewayContext, 200, document))
  addSessionRoutes(router, options.gate.authenticator, options.sessions, options.bodyBounds)
  addOrganisationLoginRoutes(router, options.organisationLogin, options.sessions)
  addRunsRoutes(router, options.runs)
  addFailuresRoutes(router, options.runs)
  addRunDetailsRoutes(router, options.runs, options.queues)
  addEventsRoutes(router, options.events)
  addSteeringRoutes(router, options.steering, options.bodyBounds)
  addCatalogRoutes(router, options.catalog)
  addScaleRoute(router, options.cluster.workload, options.cluster.catalog)
  addWireRoutes(router, options.wire, options.runs)
  addCollectionsRoutes(router, options.collections)
  return router
}

/** What answers one method of an area. Another method: 405. */
function only(area: Area, method: 'GET' | 'POST', middleware: GatewayMiddleware): GatewayMiddleware {
  return async (ctx, next) => {
    if (ctx.state.area !== area) return next()
    if (ctx.method === method || (method === 'GET' && ctx.method === 'HEAD')) return middleware(ctx, next)
    ctx.set('Allow', `${method}, OPTIONS`)
    throw new FlexActionError(
      'method_not_allowed',
      `${cutText(ctx.path, 200)} answers ${method} only, received ${ctx.method}`,
    )
  }
}

/** Several middlewares as one, each inside the one before. */
function chain(...middlewares: GatewayMiddleware[]): GatewayMiddleware {
  return (ctx, next) => middlewares.reduceRight<() => Promise<unknown>>((inner, one) => () => one(ctx, inner), next)()
}
