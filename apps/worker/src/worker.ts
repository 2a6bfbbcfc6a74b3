import { CatalogStore, describeCollection, describeMessage, GET_ACTION_LIST } from '@flexaction/shared/catalog'
import { fileStoreOptions } from '@flexaction/shared/config'
import { FileStore } from '@flexaction/shared/files'
import { History } from '@flexaction/shared/history'
import { Lifecycle, type LongLived } from '@flexaction/shared/lifecycle'
import type { Logger } from '@flexaction/shared/logging'
import { noteEndedRun } from '@flexaction/shared/metrics'
import { Fetcher, JobQueues } from '@flexaction/shared/queues'
import { checkRedisPolicy, connect, Keys, Outages, RedisClock, watchConnection } from '@flexaction/shared/redis'
import { RpcServer } from '@flexaction/shared/rpc'
import { Keyring } from '@flexaction/shared/secrets'
import { Backlog, ListingStore, RunIndex, RunReader, RunSteering, RunStore } from '@flexaction/shared/runs'
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { answersOf } from './answering/answers.js'
import type { WorkerConfig } from './config.js'
import { HealthServer } from './health-server.js'
import type { Isolation } from './isolating/isolated-process.js'
import { Limiters } from './limiting/limiters.js'
import { Lister } from './listing/lister.js'
import { foldersOfDefinitions } from './loading/folders.js'
import { importFrom } from './loading/import-module.js'
import { DefinitionProblems, type Definitions, loadDefinitions } from './loading/load-definitions.js'
import { WorkerMetrics } from './metrics/worker-metrics.js'
import { OwnedBatches } from './owning/owned-batches.js'
import { CatalogPublisher } from './publishing/catalog-publisher.js'
import { Leader } from './reconciling/leader.js'
import { Maintenance } from './reconciling/maintenance.js'
import { Reconciler } from './reconciling/reconciler.js'
import { Recovery } from './reconciling/recovery.js'
import { Retries } from './reconciling/retries.js'
import { ActionRunner } from './running/action-runner.js'
import { RunCommands } from './running/run-commands.js'
import { type RunnableAction, runnablesOf } from './running/runnable-action.js'
import { drain } from './running/drain.js'
import { VERSION } from './version.js'

/** A worker is patient: what it has to record must be recorded. A connection is dead when nothing moves for so long, in ms. */
const DEAD_AFTER_MS = 4_000
/** The leader looks this often for what is to be done, in ms; more often if passes are due more often. */
const LEADER_LOOKS_EVERY_MS = 1_000

/** Loads the definitions that the configuration names. Throws DefinitionProblems with all that is wrong with them. */
export function loadConfigured({ ACTIONS_DIR }: Pick<WorkerConfig, 'ACTIONS_DIR'>): Promise<Definitions> {
  const folders = foldersOfDefinitions(ACTIONS_DIR)
  return loadDefinitions(folders, importFrom(folders[0] ?? '.'))
}

/** What only a worker with a process of its own has. */
export interface ProcessParts {
  /** How calls that may end their process are made: another process can load the actions, too. */
  isolation: Isolation
  /** Ends the process when its event loop stands still; `inHand` says what it was doing. */
  watchdog(inHand: () => string): LongLived
}

/** Puts a worker together: it publishes its actions, runs their batches, and gives back what it cannot finish. */
export function createWorker(
  config: WorkerConfig,
  definitions: Definitions,
  logger: Logger,
  parts?: ProcessParts,
): LongLived {
  // First of all: what is wrong is said before anything is begun.
  const actions = runnablesOf(definitions)
  const keyring = Keyring.from(config)
  requireDataKey(actions, keyring)
  const keys = new Keys(config.KEY_PREFIX)
  const workerName = `${hostname()} ${process.pid}`
  const name = `worker ${workerName}`
  const id = randomBytes(6).toString('hex')
  const redis = connect(config.REDIS_URL, { name, whenAway: 'wait' })
  const subscriber = connect(config.REDIS_URL, { name: `${name} subscriber`, whenAway: 'wait' })
  const watches = [redis, subscriber].map((connection) => watchConnection(connection, { deadAfterMs: DEAD_AFTER_MS }))
  subscriber.on('error', () => undefined) // both lose the same Redis: one of them says so

  const clock = new RedisClock(redis)
  const now = (): number => clock.now()
  const metrics = new WorkerMetrics()
  const outages = new Outages(redis, logger, (error) => metrics.failed(error))
  // That Redis is away, or refuses, is said once.
  const report = (what: string) => (error: unknown) => {
    if (!outages.note(error)) logger.error({ err: error }, what)
  }
  const policy = { refuse: config.NODE_ENV === 'production' && config.ALLOW_UNSAFE_REDIS === 'no', logger }
  const context = { redis, keys }
  const queues = new JobQueues({ redis, keys, clock, workerName, onError: report('a queue reported an error') })
  const backlog = new Backlog(redis, keys, report('counting pending items failed; the reconciler corrects it'))
  const history = new History(redis, keys, now, report('counting for the charts failed'))
  const index = new RunIndex(
    context,
    report('noting ended runs failed; the reconciler corrects it'),
    noteEndedRun({ metrics, backlog, logger }),
  )
  const store = new RunStore(context, index)
  const files = new FileStore({ redis, keys, ...fileStoreOptions(config) })
  const owned = new OwnedBatches({
    redis,
    keys,
    worker: id,
    stallAfterMs: config.STALL_AFTER,
    onError: report('renewing leases failed; trying again'),
  })
  const retries = new Retries({ redis, keys, clock, queues, onError: report('calling retries failed; trying again') })
  const recovery = new Recovery({
    ...{ redis, keys, store, queues, retries, logger, metrics },
    stallAfterMs: config.STALL_AFTER,
  })
  const reader = new RunReader(redis, keys, now)
  const steering = new RunSteering({ redis, keys }, index)
  const reconciler = new Reconciler({
    ...{ redis, keys, clock, reader, index, steering, queues, backlog, retries, recovery, logger },
  })

  const published = [
    ...actions.map((action) => action.published),
    ...definitions.messages.filter((message) => message.name === GET_ACTION_LIST).map(describeMessage),
  ]
  const publisher = new CatalogPublisher({
    store: new CatalogStore(redis, keys, now),
    worker: {
      id,
      group: config.WORKER_GROUP,
      host: hostname(),
      pid: process.pid,
      version: VERSION,
      startedAt: new Date().toISOString(),
      actions: published.map(({ identity }) => identity),
      collections: definitions.collections.map(({ name: collection }) => collection),
    },
    published: [...published, ...definitions.collections.map(describeCollection)],
    load: () => ({
      busy: runners.reduce((sum, runner) => sum + runner.busy, 0),
      slots: actions.reduce((sum, action) => sum + action.slots, 0),
    }),
    callLengths: () =>
      new Map(runners.flatMap(({ identity, callMs }) => (callMs === undefined ? [] : [[identity, callMs]]))),
    logger,
    onError: report('the heartbeat failed'),
  })
  const liveWorkers = (): number => publisher.liveWorkers
  const limiters = new Limiters({
    ...{ redis, subscriber, keys, worker: id, leaseMs: config.STALL_AFTER },
    onError: report('asking for a turn failed'),
  })
  const runners = actions.map(
    (action) =>
      new ActionRunner(action, {
        ...{
          store,
          queues,
          backlog,
          files,
          history,
          metrics,
          keyring,
          outages,
          clock,
          logger,
          owned,
          retries,
          liveWorkers,
          workerName,
        },
        onError: report('a batch could not be run as it should; the reconciler sees to it'),
        limiter: limiters.for(action),
        isolation: parts?.isolation,
        onGrown: (runner) => fetcher.grown(runner),
        onLost: (run) => void reconciler.ensure(run).catch(report('looking after a lost batch failed')),
      }),
  )
  const listers = definitions.collections.map(
    (collection) =>
      new Lister(collection, {
        ...{ store: new ListingStore(context, index), queues, backlog, owned, logger, liveWorkers },
        pageWithinMs: config.LIST_WITHIN,
        mostItems: config.MAX_PENDING_ITEMS,
        onError: report('listing records failed'),
        onGrown: (lister) => fetcher.grown(lister),
      }),
  )
  const fetcher = new Fetcher([...runners, ...listers], {
    ...{ redis, keys, worker: id, workerName, deadAfterMs: DEAD_AFTER_MS },
    connect: (purpose) => connect(config.REDIS_URL, { name: `${name} ${purpose}`, whenAway: 'wait' }),
    pending: () => backlog.read(),
    onError: report('taking jobs failed; trying again'),
  })
  const commands = new RunCommands({ redis, subscriber, keys, runners, onError: report('looking for commands failed') })
  const rpc = new RpcServer({
    ...{ redis, subscriber, keys, worker: id },
    answers: answersOf(definitions, logger, keyring),
    onError: report('answering a request failed'),
  })
  const maintenance = new Maintenance({
    ...{ clock, index, queues, backlog, retries, recovery, reconciler, logger },
    reconcileEveryMs: config.RECONCILE_EVERY,
    retentionMs: config.RUN_RETENTION,
    keepRuns: config.RUNS_KEPT,
    onError: report('reconciling failed; the next pass tries again'),
  })
  const leader = new Leader({
    ...{ redis, keys, worker: id, everyMs: Math.min(LEADER_LOOKS_EVERY_MS, config.RECONCILE_EVERY) },
    work: (signal) => maintenance.look(signal),
    onInterrupted: () => maintenance.forget(),
    onError: report('maintenance failed; the next look tries again'),
  })
  metrics.watchSlots(() => runners)
  const health = new HealthServer({
    port: config.HEALTH_PORT,
    isReady: () => redis.status === 'ready',
    readMetrics: () => metrics.read(),
    metricsPublic: config.METRICS_PUBLIC === 'yes',
    metricsToken: config.METRICS_TOKEN,
    onError: report('showing metrics failed'),
  })
  const watchdog = parts?.watchdog(() => runners.flatMap((runner) => runner.inHand()).join('; '))

  // Stopped in phases: first nothing new begins anywhere, then what is in hand is drained, in reverse order of the start.
  return new Lifecycle(
    [
      { name: 'redis', stop: () => disconnect(redis, subscriber) },
      { name: 'watches', stop: () => watches.forEach((end) => end()) },
      { name: 'clock', start: () => clock.start(), stop: () => clock.stop() },
      { name: 'redis policy', start: async () => void (await checkRedisPolicy(redis, policy)) },
      { name: 'queues', stop: () => queues.close() },
      { name: 'backlog', stop: () => backlog.stop() },
      { name: 'index', stop: () => index.stop() },
      { name: 'history', stop: () => history.stop() },
      { name: 'watchdog', start: () => watchdog?.start(), stop: () => watchdog?.stop() },
      { name: 'owned batches', start: () => owned.start(), stop: () => owned.stop() },
      { name: 'retries', stop: () => retries.stop() },
      { name: 'catalog', start: () => publisher.start(), stop: () => publisher.stop() },
      { name: 'commands', start: () => commands.start(), stop: () => commands.stop() },
      { name: 'limiters', start: () => limiters.start(), stop: () => limiters.stop() },
      {
        name: 'runners',
        start: () => runners.forEach((runner) => runner.start()),
        quiet: () => runners.forEach((runner) => runner.quiet()),
        stop: () => drain(runners, config.SHUTDOWN_DEADLINE, logger),
      },
      {
        name: 'listers',
        quiet: () => listers.forEach((lister) => lister.quiet()),
        stop: async () => void (await Promise.all(listers.map((lister) => lister.drained()))),
      },
      { name: 'fetcher', start: () => fetcher.start(), quiet: () => fetcher.quiet(), stop: () => fetcher.stop() },
      { name: 'rpc', start: () => rpc.start(), quiet: () => rpc.quiet() },
      { name: 'maintenance', stop: () => maintenance.stop() },
      { name: 'leader', start: () => leader.start(), quiet: () => leader.quiet(), stop: () => leader.stop() },
      { name: 'health', start: () => health.start(), quiet: () => health.quiet(), stop: () => health.stop() },
    ],
    (part, error) => logger.error({ err: error, part }, 'a part did not stop cleanly'),
  )
}

/** Throws DefinitionProblems when there are secret fields, and no key to encrypt them under. */
function requireDataKey(actions: readonly RunnableAction[], keyring: Keyring): void {
  const secret = actions.filter(({ published }) => published.secretFields !== undefined)
  if (secret.length === 0 || keyring.canSeal()) return
  throw new DefinitionProblems(
    secret.map(
      ({ published: { identity, secretFields = [] } }) =>
        `${identity}: secret fields (${secretFields.join(', ')}) need DATA_KEY in production, here and in the gateways: id:<base64 of 32 bytes>`,
    ),
  )
}

function disconnect(...connections: { disconnect(): void }[]): void {
  for (const connection of connections) connection.disconnect()
}
