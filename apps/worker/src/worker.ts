import { CatalogStore } from '@flexaction/shared/catalog'
import { Lifecycle, type LongLived } from '@flexaction/shared/lifecycle'
import type { Logger } from '@flexaction/shared/logging'
import { BatchQueues, Maintenance } from '@flexaction/shared/queues'
import { connect, Keys, logOutages } from '@flexaction/shared/redis'
import { OpenRuns, RunStore } from '@flexaction/shared/runs'
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Announcer } from './announcing/announcer.js'
import type { WorkerConfig } from './config.js'
import { HealthServer } from './health-server.js'
import { importBuilt, importFromAnywhere } from './loading/import-module.js'
import { type Definitions, loadDefinitions } from './loading/load-definitions.js'
import { reconcile } from './reconciling/reconciler.js'
import { ActionRunner } from './running/action-runner.js'
import { makeRunnable } from './running/runnable-action.js'
import { VERSION } from './version.js'

const folder = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Loads the definitions that the configuration names. Throws DefinitionProblems with all that is wrong with them. */
export function loadConfigured({ ACTIONS_DIR }: Pick<WorkerConfig, 'ACTIONS_DIR'>): Promise<Definitions> {
  if (ACTIONS_DIR) return loadDefinitions([ACTIONS_DIR], importFromAnywhere())
  return loadDefinitions([folder('actions'), folder('collections')], importBuilt)
}

/** Puts a worker together: it publishes its actions, runs their batches, and gives back what it cannot finish. */
export function createWorker(config: WorkerConfig, definitions: Definitions, logger: Logger): LongLived {
  const keys = new Keys(config.KEY_PREFIX)
  const name = `worker ${hostname()} ${process.pid}`
  const redis = connect(config.REDIS_URL, { name, whenAway: 'wait' })
  logOutages(redis, logger)

  const store = new RunStore(redis, keys, config.RUN_RETENTION)
  const queues = new BatchQueues({
    redis,
    keys,
    onError: (error) => logger.error({ err: error }, 'a queue reported an error'),
  })
  const actions = definitions.actions.map(makeRunnable)
  const announcer = new Announcer({
    store: new CatalogStore(redis, keys),
    worker: {
      id: randomBytes(6).toString('hex'),
      group: config.WORKER_GROUP,
      host: hostname(),
      pid: process.pid,
      version: VERSION,
      startedAt: new Date().toISOString(),
      actions: actions.map(({ published }) => published.identity),
    },
    actions: actions.map(({ published }) => published),
    logger,
  })
  const runners = actions.map(
    (action) =>
      new ActionRunner(action, {
        redis,
        keys,
        store,
        queues,
        logger,
        workerName: name,
        lockMs: config.STALL_AFTER,
        liveWorkers: () => announcer.liveWorkers,
      }),
  )
  const openRuns = new OpenRuns(redis, keys)
  const maintenance = new Maintenance({
    redis,
    keys,
    everyMs: config.RECONCILE_EVERY,
    work: () => reconcile({ openRuns, queues, logger }),
    onError: (error) => logger.error({ err: error }, 'reconciling failed; the next pass tries again'),
  })
  const health = new HealthServer(config.HEALTH_PORT, () => redis.status === 'ready')

  // Stopped in reverse: not ready, no new work, drained; then gone from the list of live workers, then disconnected.
  return new Lifecycle(
    [
      { name: 'redis', stop: () => redis.disconnect() },
      { name: 'queues', stop: () => queues.close() },
      { name: 'announcer', start: () => announcer.start(), stop: () => announcer.stop() },
      {
        name: 'runners',
        start: async () => void (await Promise.all(runners.map((runner) => runner.start()))),
        stop: () => drain(runners, config.SHUTDOWN_DEADLINE, logger),
      },
      { name: 'maintenance', start: () => maintenance.start(), stop: () => maintenance.stop() },
      { name: 'health', start: () => health.start(), stop: () => health.stop() },
    ],
    (part, error) => logger.error({ err: error, part }, 'a part did not stop cleanly'),
  )
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
