import { CatalogStore } from '@flexaction/shared/catalog'
import { ConfigProblems, fileStoreOptions } from '@flexaction/shared/config'
import { FileStore } from '@flexaction/shared/files'
import { History } from '@flexaction/shared/history'
import { Lifecycle, type LongLived } from '@flexaction/shared/lifecycle'
import type { Logger } from '@flexaction/shared/logging'
import { noteEndedRun } from '@flexaction/shared/metrics'
import { RpcClient } from '@flexaction/shared/rpc'
import { JobQueues } from '@flexaction/shared/queues'
import { Keyring } from '@flexaction/shared/secrets'
import {
  checkRedisPolicy,
  connect,
  Keys,
  Outages,
  RedisClock,
  watchConnection,
  whenReady,
} from '@flexaction/shared/redis'
import { Backlog, RunEndings, RunIndex, RunReader, RunSteering, RunStore } from '@flexaction/shared/runs'
import type { RequestListener } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { Acceptor } from './accepting/acceptor.js'
import { Admission } from './accepting/admission.js'
import { Coalescer } from './accepting/coalescer.js'
import { Expirer } from './accepting/expirer.js'
import { RunFactory } from './accepting/order.js'
import { Replicas } from './accepting/replicas.js'
import { IdempotencyKeys } from './accepting/idempotency-keys.js'
import { type AuthToken, parseAuthTokens } from './access/auth-tokens.js'
import { Authenticator } from './access/authenticator.js'
import { developmentToken } from './access/development-token.js'
import { JwtVerifier } from './access/jwt-verifier.js'
import { OpenStreams } from './access/open-streams.js'
import { OrganisationLogin } from './access/organisation-login.js'
import { RefusedAttempts } from './access/refused-attempts.js'
import { RequestQuota } from './access/request-quota.js'
import { parseOwnRunsOnly, RunAccess } from './access/run-access.js'
import { Sessions } from './access/sessions.js'
import { TokenBook } from './access/token-book.js'
import { visibleTo } from './access/visible-actions.js'
import { CatalogView } from './catalog/catalog-view.js'
import { type GatewayConfig, parseOrigins } from './config.js'
import { ConsoleFiles, LOGIN_PATH } from './console/console-files.js'
import { Dashboard } from './dashboard/dashboard.js'
import { Health } from './health.js'
import { GatewayMetrics } from './metrics/gateway-metrics.js'
import { BodyBudget } from './http/body-budget.js'
import { createApp } from './http/app.js'
import { clientAddress, parseProxies } from './http/client-address.js'
import { HttpServer } from './http/server.js'
import { ExecuteAction } from './messages/execute-action.js'
import { ActionList } from './messages/action-list.js'
import { FieldOptions } from './messages/field-options.js'
import { MessagesEndpoint } from './messages/endpoint.js'
import { EventStreams } from './watching/event-stream.js'
import { RunWatch } from './watching/run-watch.js'
import { WireLog } from './wire/wire-log.js'
import { Workload } from './workload/workload.js'

/** Callers wait for an answer: a connection on which nothing moves for so long is dead, in ms. */
const DEAD_AFTER_MS = 600
/** Objects and lists in one request, and how deep they may lie in each other; ids, the most that is sent, are neither. */
const MOST_CONTAINERS = 100_000
const MOST_LEVELS = 10_000
/** Keys of one object. */
const MOST_KEYS = 10_000

export interface Gateway extends LongLived {
  /** The port it listens on, once started. */
  readonly port: number
}

/** Puts a gateway together: HTTP in, runs and queues in Redis out. */
export async function createGateway(config: GatewayConfig, logger: Logger): Promise<Gateway> {
  // First of all: what is wrong with the configuration is said before anything is begun.
  const book = await TokenBook.open({ tokens: await readTokens(config, logger), file: config.AUTH_TOKENS_FILE, logger })
  const jwt = await JwtVerifier.open(config)
  const keyring = Keyring.from(config)
  const keys = new Keys(config.KEY_PREFIX)
  const redis = connect(config.REDIS_URL, { name: 'gateway', whenAway: 'fail-fast' })
  const subscriber = connect(config.REDIS_URL, { name: 'gateway subscriber', whenAway: 'wait' })
  // Whoever waits for replicas holds up what else goes over the same connection.
  const accepting =
    config.ACCEPT_WAIT_REPLICAS === 0
      ? redis
      : connect(config.REDIS_URL, { name: 'gateway accepting', whenAway: 'fail-fast' })
  const watchdogs = [...new Set([redis, subscriber, accepting])].map((connection) =>
    watchConnection(connection, { deadAfterMs: DEAD_AFTER_MS }),
  )
  // All lose the same Redis: one of them says so.
  for (const other of [subscriber, accepting]) other.on('error', () => undefined)

  const limiting = { redis, keys }
  const sessions = new Sessions(redis, keys, book)
  const attempts = new RefusedAttempts({ ...limiting, most: config.MAX_WRONG_TOKENS, logger })
  const authenticator = new Authenticator({ book, sessions, attempts, jwt })
  const quota = new RequestQuota({ ...limiting, most: config.MAX_REQUESTS })
  const metrics = new GatewayMetrics()
  const outages = new Outages(redis, logger, (error) => metrics.failed(error))
  // That Redis is away, or refuses, is said once.
  const report = (what: string) => (error: unknown) => {
    if (!outages.note(error)) logger.warn({ err: error }, what)
  }
  const refuse = config.NODE_ENV === 'production' && config.ALLOW_UNSAFE_REDIS === 'no'
  const policy = { refuse, logger }
  const clock = new RedisClock(redis)
  const now = (): number => clock.now()
  const queues = new JobQueues({ redis, keys, clock, onError: report('a queue reported an error') })
  const console = await ConsoleFiles.load(config.API_PREFIX, config.OIDC_ISSUER !== '')
  const dashboard = new Dashboard({
    queues,
    loginPath: console.built ? LOGIN_PATH : undefined,
    workersServing: (identity) => catalog.workers.filter(({ actions }) => actions.includes(identity)),
    permissionOf: (identity) => runs.permissionOf(identity),
    seesOwnAlone: (caller) => runs.seesOwnAlone(caller),
  })
  const reader = new RunReader(redis, keys, now)
  const endings = new RunEndings(subscriber, keys, reader, report('reading runs that are waited for failed'))
  const catalog = new CatalogView({
    store: new CatalogStore(redis, keys, now),
    subscriber,
    channel: keys.catalogChanged,
    logger,
    onError: report('reading the catalog failed; the last one stays in use'),
    onActions: (actions) => {
      dashboard.show(actions)
      const secret = actions.filter(({ secretFields }) => secretFields !== undefined)
      if (secret.length > 0 && !keyring.canSeal())
        logger.error(
          { actions: secret.map(({ identity }) => identity) },
          'actions with secret fields need DATA_KEY: they are refused',
        )
    },
  })
  const runs = new RunAccess({
    reader,
    published: () => catalog.published,
    ownRunsOnly: parseOwnRunsOnly(config.OWN_RUNS_ONLY),
  })
  const context = { redis, keys }
  const backlog = new Backlog(redis, keys, report('counting pending items failed; the reconciler corrects it'))
  // Runs are entered into the lists and stored by one connection, which keeps that order.
  const storing = { redis: accepting, keys }
  const index = new RunIndex(
    storing,
    report('noting ended runs failed; the reconciler corrects it'),
    noteEndedRun({ metrics, backlog, logger }),
  )
  const store = new RunStore(storing, index)
  const steering = new RunSteering(context, index)
  const workload = new Workload({ backlog, queues, catalog })
  const admission = new Admission(
    backlog,
    config.MAX_PENDING_ITEMS,
    report('counting accepted items failed; the reconciler corrects it'),
  )
  const formBounds = { fields: config.MAX_FORM_FIELDS, characters: config.MAX_FORM_KB * 1_000 }
  const acceptor = new Acceptor({
    admission,
    store,
    replicas: new Replicas(accepting, config.ACCEPT_WAIT_REPLICAS),
    queues,
    catalog,
    metrics,
    keyring,
    outages,
    mostFormCharacters: formBounds.characters,
  })
  const factory = new RunFactory({ clock, callLength: (identity) => catalog.callLength(identity), endings })
  const expirer = new Expirer(clock, index, steering, report('looking for expired runs failed; trying again'))
  const executeAction = new ExecuteAction({
    catalog,
    acceptor,
    factory,
    coalescer: new Coalescer(acceptor, factory),
    idempotencyKeys: new IdempotencyKeys(redis, keys, config.RUN_RETENTION, now),
    reader,
    endings,
    keyring,
    maxIds: config.MAX_IDS,
    formBounds,
    waitMaxMs: config.WAIT_MAX,
    runsPath: `${config.API_PREFIX}/runs`,
  })
  const maxBodyBytes = config.MAX_BODY_MB * 1_000_000
  const wire = new WireLog(redis, keys, () => catalog.published, report('keeping messages for the console failed'))
  const streams = new EventStreams()
  const rpc = new RpcClient({ redis, subscriber, keys })
  const asking = { catalog, rpc, withinMs: config.ASK_WITHIN }
  const actionList = new ActionList({ ...asking, logger })
  const health = new Health({ redis, keys, catalog, outages })
  const app = createApp({
    apiPrefix: config.API_PREFIX,
    origins: parseOrigins(config.CORS_ORIGINS),
    maxBodyBytes,
    bodyBounds: {
      json: {
        levels: MOST_LEVELS,
        containers: MOST_CONTAINERS,
        values: config.MAX_IDS + MOST_CONTAINERS,
        keys: MOST_KEYS,
      },
      // One body fits in any case.
      budget: new BodyBudget(
        Math.max(config.MAX_BODIES_MB * 1_000_000, maxBodyBytes),
        Math.max(config.MAX_BODIES_PER_CALLER_MB * 1_000_000, maxBodyBytes),
      ),
    },
    runsAnything: (caller) => visibleTo(caller, catalog.published).length > 0,
    gate: { authenticator, quota },
    sessions,
    organisationLogin:
      config.OIDC_ISSUER === ''
        ? undefined
        : new OrganisationLogin({
            issuer: config.OIDC_ISSUER,
            clientId: config.OIDC_CLIENT_ID,
            clientSecret: config.OIDC_CLIENT_SECRET,
            scope: config.OIDC_SCOPE,
            redirectUri: `${config.PUBLIC_URL}${config.API_PREFIX}/session/oidc/callback`,
            claimNames: config,
          }),
    addressOf: clientAddress(parseProxies(config.TRUSTED_PROXIES)),
    messages: new MessagesEndpoint(
      catalog,
      executeAction,
      actionList,
      new FieldOptions({ ...asking, actionList, formBounds, keyring }),
    ),
    runs,
    steering: { steering, runs, endings, queues, catalog, acceptor, backlog },
    catalog: {
      catalog,
      runs,
      queues,
      workload,
      history: new History(redis, keys, now, report('counting for the charts failed')),
    },
    events: {
      runs,
      watch: new RunWatch(reader, endings, report('looking at a watched run failed')),
      streams,
      open: new OpenStreams(config.MAX_STREAMS),
    },
    queues,
    wire,
    console,
    collections: asking,
    files: new FileStore({ redis, keys, ...fileStoreOptions(config) }),
    dashboard,
    health,
    metrics,
    cluster: { redis, workload, catalog },
    metricsPublic: config.METRICS_PUBLIC === 'yes',
    outages,
    logger,
  })
  const server = new HttpServer(callbackOf(app), {
    host: config.HOST,
    port: config.PORT,
    deadlineMs: config.SHUTDOWN_DEADLINE,
    keepAliveMs: config.KEEP_ALIVE,
    maxConnections: config.MAX_CONNECTIONS,
  })

  const lifecycle = new Lifecycle(
    [
      {
        name: 'redis',
        start: async () => void (await Promise.all([redis, accepting].map(whenReady))),
        stop: () => disconnect(redis, subscriber, accepting),
      },
      { name: 'watchdogs', stop: () => watchdogs.forEach((end) => end()) },
      { name: 'redis policy', start: async () => health.redisPolicy(await checkRedisPolicy(redis, policy)) },
      { name: 'clock', start: () => clock.start(), stop: () => clock.stop() },
      { name: 'tokens', start: () => book.start(), stop: () => book.stop() },
      { name: 'queues', stop: () => queues.close() },
      { name: 'backlog', stop: () => backlog.stop() },
      { name: 'index', stop: () => index.stop() },
      { name: 'endings', start: () => endings.start(), stop: () => endings.stop() },
      { name: 'catalog', start: () => catalog.start(), stop: () => catalog.stop() },
      { name: 'rpc', start: () => rpc.start(), stop: () => rpc.stop() },
      { name: 'admission', start: () => admission.start(), stop: () => admission.stop() },
      { name: 'expirer', start: () => expirer.start(), stop: () => expirer.stop() },
      { name: 'wire', stop: () => wire.stop() },
      { name: 'http', start: () => server.start(), stop: () => server.stop() },
      { name: 'event streams', stop: () => streams.stop() },
      { name: 'health', quiet: () => health.stopping() },
      // Stopped first: until a load balancer has noticed, everything is served as before.
      { name: 'shutdown delay', stop: () => pause(config.SHUTDOWN_DELAY) },
    ],
    (part, error) => logger.error({ err: error, part }, 'a part did not stop cleanly'),
  )
  return {
    start: () => lifecycle.start(),
    stop: () => lifecycle.stop(),
    get port() {
      return server.port
    },
  }
}

/** Koa answers whatever its middlewares throw: its promise never rejects. */
function callbackOf(app: ReturnType<typeof createApp>): RequestListener {
  const handle = app.callback()
  return (request, response) => void handle(request, response)
}

async function readTokens(config: GatewayConfig, logger: Logger): Promise<AuthToken[]> {
  const tokens = parseAuthTokens(config.AUTH_TOKENS)
  const others = [config.AUTH_TOKENS_FILE, config.JWT_PUBLIC_KEY, config.JWT_JWKS_URL, config.OIDC_ISSUER]
  if (tokens.length > 0 || others.some((setting) => setting !== '')) return tokens
  if (config.NODE_ENV === 'production') {
    throw new ConfigProblems([
      'AUTH_TOKENS is not set, and production needs it, AUTH_TOKENS_FILE, keys for JWTs or OIDC_ISSUER: give name:role:token entries (roles: viewer, operator, admin)',
    ])
  }
  const token = await developmentToken(config.DATA_DIR)
  logger.warn(
    { file: `${config.DATA_DIR}/token` },
    'no AUTH_TOKENS: the token of this development installation is in use',
  )
  return parseAuthTokens(`developer:admin:${token}`)
}

function disconnect(...connections: { disconnect(): void }[]): void {
  for (const connection of connections) connection.disconnect()
}
