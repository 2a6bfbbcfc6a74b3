import { CatalogStore, describeCollection, describeMessage, GET_ACTION_LIST } from '@flexaction/shared/catalog'
import { fileStoreOptions } from '@flexaction/shared/config'
import { FileStore } from '@flexaction/shared/files'
import { History } from '@flexaction/shared/history'
import { Lifecycle, type LongLived } from '@flexaction/shared/lifecycle'
import type { Logger } from '@flexaction/shared/logging'
import { Maintenance } from '@flexaction/shared/maintenance'
import { Answerer } from '@flexaction/shared/questions'
import { BatchQueues, ListingConsumer, ListingQueues } from '@flexaction/shared/queues'
import { checkRedisPolicy, connect, isRedisAway, Keys, logOutages, watchConnection } from '@flexaction/shared/redis'
import { Backlog, ListingStore, OpenRuns, RunStore } from '@flexaction/shared/runs'
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Announcer } from './announcing/announcer.js'
import { answersOf } from './answering/answers.js'
import type { WorkerConfig } from './config.js'
import { HealthServer } from './health-server.js'
import { importBuilt, importFromAnywhere } from './loading/import-module.js'
import { type Definitions, loadDefinitions } from './loading/load-definitions.js'
import type { Isolation } from './isolating/isolated-process.js'
import { Turnstiles } from './limiting/turnstiles.js'
import { Lister } from './listing/lister.js'
import { reconcile } from './reconciling/reconciler.js'
import { ActionRunner } from './running/action-runner.js'
import { DirectRuns } from './running/direct-runs.js'
import { EndedJobs } from './running/ended-jobs.js'
import { RunCommands } from './running/run-commands.js'
import { runnablesOf } from './running/runnable-action.js'
import { VERSION } from './version.js'

const folder = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Loads the definitions that the configuration names. Throws DefinitionProblems with all that is wrong with them. */
export function loadConfigured({ ACTIONS_DIR }: Pick<WorkerConfig, 'ACTIONS_DIR'>): Promise<Definitions> {
  if (ACTIONS_DIR) return loadDefinitions([ACTIONS_DIR], importFromAnywhere())
  return loadDefinitions([folder('actions'), folder('collections')], importBuilt)
}

/**
 * Puts a worker together: it publishes its actions, runs their batches, and gives back what it cannot finish. `isolation`:
 * how calls that may end their process are made; it needs actions that another process can load, too.
 */
export function createWorker(
  config: WorkerConfig,
  definitions: Definitions,
  logger: Logger,
  isolation?: Isolation,
): LongLived {
  const keys = new Keys(config.KEY_PREFIX)
  const name = `worker ${hostname()} ${process.pid}`
  const redis = connect(config.REDIS_URL, { name, whenAway: 'wait' })
  const subscriber = connect(config.REDIS_URL, { name: `${name} subscriber`, whenAway: 'wait' })
  const watchdogs = [redis, subscriber].map((connection) => watchConnection(connection))
  logOutages(redis, logger)
  subscriber.on('error', () => undefined) // both lose the same Redis: one of them says so

  const context = { redis, keys, retentionMs: config.RUN_RETENTION }
  // That Redis is away is said once, above.
  const report = (what: string) => (error: unknown) => {
    if (!isRedisAway(error)) logger.error({ err: error }, what)
  }
  const policy = { refuse: config.NODE_ENV === 'production' && config.ALLOW_UNSAFE_REDIS === 'no', logger }
  const queues = new BatchQueues({ redis, keys, onError: report('a queue reported an error') })
  const listings = new ListingQueues({ redis, keys, onError: report('a queue reported an error') })
  const backlog = new Backlog(redis, keys, report('counting pending items failed; the reconciler corrects it'))
  const actions = runnablesOf(definitions)
  const published = [
    ...actions.map((action) => action.published),
    ...definitions.messages.filter((message) => message.name === GET_ACTION_LIST).map(describeMessage),
  ]
  const history = new History(redis, keys, report('counting for the charts failed'))
  const id = randomBytes(6).toString('hex')
  const announcer = new Announcer({
    store: new CatalogStore(redis, keys),
    worker: {
      id,
      group: config.WORKER_GROUP,
      host: hostname(),
      pid: process.pid,
      version: VERSION,
      startedAt: new Date().toISOString(),
      actions: published.map(({ identity }) => identity),
      collections: definitions.collections.map(({ name }) => name),
    },
    published: [...published, ...definitions.collections.map((collection) => describeCollection(collection.name))],
    load: () => ({
      busy: runners.reduce((sum, runner) => sum + runner.busy, 0),
      slots: actions.reduce((sum, action) => sum + action.slots, 0),
    }),
    logger,
  })
  const liveWorkers = (): number => announcer.liveWorkers

  const turnstiles = new Turnstiles({
    redis,
    subscriber,
    keys,
    worker: id,
    leaseMs: config.STALL_AFTER,
    onError: report('asking for a turn failed'),
  })
  const store = new RunStore(context)
  const files = new FileStore({ redis, keys, ...fileStoreOptions(config) })
  const runners = actions.map(
    (action) =>
      new ActionRunner(action, {
        redis,
        keys,
        store,
        queues,
        backlog,
        files,
        history,
        logger,
        workerName: name,
        onError: report('a queue reported an error'),
        turnstile: turnstiles.for(action),
        isolation,
        lockMs: config.STALL_AFTER,
        liveWorkers,
      }),
  )
  const endedJobs = new EndedJobs({ queues, onError: report('making jobs of ended runs failed') })
  const directRuns = new DirectRuns({
    context,
    subscriber,
    worker: id,
    runnerOf: (identity) => runners.find((runner) => runner.identity === identity),
    queues,
    endedJobs,
    lockMs: config.STALL_AFTER,
    onError: report('a run that was handed over failed; the reconciler queues it'),
  })
  const commands = new RunCommands({ redis, subscriber, keys, runners, onError: report('looking for commands failed') })
  const listers = definitions.collections.map((collection) => {
    const lister = new Lister(collection, { store: new ListingStore(context), queues, backlog, logger, liveWorkers })
    const consumer = new ListingConsumer({
      redis,
      keys,
      collection: collection.name,
      lockMs: config.STALL_AFTER,
      process: (run) => lister.list(run),
      onError: report('the queue of a collection reported an error'),
    })
    return { lister, consumer }
  })
  const answerer = new Answerer({
    redis,
    subscriber,
    keys,
    redisUrl: config.REDIS_URL,
    answers: answersOf(definitions, logger),
    onError: report('answering a question failed'),
  })
  const maintenance = new Maintenance({
    redis,
    keys,
    everyMs: config.RECONCILE_EVERY,
    work: () =>
      reconcile({
        openRuns: new OpenRuns(redis, keys),
        index: store.index,
        queues,
        listings,
        backlog,
        logger,
        retentionMs: config.RUN_RETENTION,
        keepRuns: config.RUNS_KEPT,
      }),
    onError: report('reconciling failed; the next pass tries again'),
  })
  const health = new HealthServer(config.HEALTH_PORT, () => redis.status === 'ready')

  // Stopped in reverse: not ready, no new work, drained; then gone from the list of live workers, then disconnected.
  return new Lifecycle(
    [
      { name: 'redis', stop: () => disconnect(redis, subscriber) },
      { name: 'watchdogs', stop: () => watchdogs.forEach((end) => end()) },
      { name: 'redis policy', start: async () => void (await checkRedisPolicy(redis, policy)) },
      { name: 'queues', stop: () => Promise.all([queues.close(), listings.close()]).then(() => undefined) },
      { name: 'backlog', stop: () => backlog.stop() },
      { name: 'history', stop: () => history.stop() },
      { name: 'announcer', start: () => announcer.start(), stop: () => announcer.stop() },
      { name: 'commands', start: () => commands.start(), stop: () => commands.stop() },
      { name: 'turnstiles', start: () => turnstiles.start(), stop: () => turnstiles.stop() },
      { name: 'ended jobs', stop: () => endedJobs.stop() },
      { name: 'direct runs', start: () => directRuns.start(), stop: () => directRuns.stop() },
      {
        name: 'runners',
        start: async () => void (await Promise.all(runners.map((runner) => runner.start()))),
        stop: () => {
          directRuns.quiet()
          return drain(runners, config.SHUTDOWN_DEADLINE, logger)
        },
      },
      {
        name: 'listers',
        start: async () => void (await Promise.all(listers.map(({ consumer }) => consumer.start()))),
        stop: async () => {
          for (const { lister } of listers) lister.stop()
          await Promise.all(listers.map(({ consumer }) => consumer.stop()))
        },
      },
      { name: 'answerer', start: () => answerer.start(), stop: () => answerer.stop() },
      { name: 'maintenance', start: () => maintenance.start(), stop: () => maintenance.stop() },
      { name: 'health', start: () => health.start(), stop: () => health.stop() },
    ],
    (part, error) => logger.error({ err: error, part }, 'a part did not stop cleanly'),
  )
}

function disconnect(...connections: { disconnect(): void }[]): void {
  for (const connection of connections) connection.disconnect()
}

/** Quiet, then drained; at the deadline what goes on is aborted and given back. */
async function drain(runners: readonly ActionRunner[], deadlineMs: number, logger: Logger): Promise<void> {
  for (const runner of runners) runner.quiet()
  const drained = Promise.all(runners.map((runner) => runner.drained()))
  let deadline: NodeJS.Timeout | undefined
  const tooLate = new Promise<'late'>((resolve) => {
    deadline = setTimeout(() => resolve('late'), deadlineMs)
  })
  const outcome = await Promise.race([drained, tooLate])
  clearTimeout(deadline)
  if (outcome === 'late') {
    logger.warn({ deadlineMs }, 'the deadline has passed: work in hand is aborted and given back')
    await Promise.all(runners.map((runner) => runner.abort()))
  }
  await Promise.all(runners.map((runner) => runner.stop()))
}
