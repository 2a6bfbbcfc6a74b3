import type { Logger } from '@flexaction/shared/logging'
import {
  batchJobId,
  type BatchJobData,
  type JobQueue,
  type JobQueues,
  parseBatchJobId,
} from '@flexaction/shared/queues'
import type { Keys, RedisClient } from '@flexaction/shared/redis'
import { parseLease, type RunStore } from '@flexaction/shared/runs'
import type { WorkerMetrics } from '../metrics/worker-metrics.js'
import { parseToken } from '../owning/owned-batches.js'
import type { Retries } from './retries.js'

export interface RecoveryOptions {
  redis: RedisClient
  keys: Keys
  store: RunStore
  queues: JobQueues
  retries: Retries
  logger: Logger
  metrics: Pick<WorkerMetrics, 'batchTakenOver'>
  /** How long a silent worker keeps its batches, in ms. */
  stallAfterMs: number
}

/** A job that is taken and whose batch nobody has started is given back after this long, in ms: the reply was lost on the way. */
const UNSTARTED_AFTER_MS = 2_000
/** An owner must be missed for this long by one observer, in ms: after an outage of Redis, all owners are missing for a moment. */
const MISSED_FOR_MS = 3_000

/** What a taken job is about. `ended`: nothing any more. `queued`, `delayed`: it has no owner. `owned`: by whom. */
type Standing = { state: 'ended' | 'queued' | 'delayed' } | { state: 'owned'; token: string }

/** A job whose standing does not fit to its being taken. */
interface Suspect {
  id: string
  queue: JobQueue<unknown>
  standing: Standing
  /** By the monotonic clock, in ms. */
  since: number
}

/**
 * Finds jobs that are taken although nobody works on them: their owner died, was frozen or cut off, or never learnt that it had
 * taken them. It must have been so for some time: most of what is seen is merely on its way.
 */
export class Recovery {
  #suspects = new Map<string, Suspect>()

  constructor(private readonly options: RecoveryOptions) {}

  /** What was seen before counts no more: this process did not look for a while. */
  forget(): void {
    this.#suspects.clear()
  }

  /** Looks at the taken jobs of these queues once. */
  async look(names: readonly string[], signal: AbortSignal): Promise<void> {
    const suspects = new Map<string, Suspect>()
    const owners: Owners = new Map()
    for (const name of names) {
      const queue = this.options.queues.named(name)
      const ids = await queue.taken()
      const standings = await Promise.all(ids.map((id) => this.#standingOf(id, owners)))
      for (const [at, id] of ids.entries()) {
        const standing = standings[at]
        if (!standing) continue
        const before = this.#suspects.get(id)
        const same = before && JSON.stringify(before.standing) === JSON.stringify(standing)
        suspects.set(id, same ? before : { id, queue, standing, since: performance.now() })
      }
      if (signal.aborted) return
    }
    this.#suspects = suspects
    for (const suspect of suspects.values())
      if (this.#isConfirmed(suspect) && !signal.aborted) await this.#mend(suspect)
  }

  #isConfirmed({ standing, since }: Suspect): boolean {
    const owned = standing.state === 'owned'
    return (
      performance.now() - since >= (owned ? Math.min(MISSED_FOR_MS, this.options.stallAfterMs) : UNSTARTED_AFTER_MS)
    )
  }

  /** `undefined`: all is well with it. */
  async #standingOf(id: string, owners: Owners): Promise<Standing | undefined> {
    const job = parseBatchJobId(id)
    const token = job ? await this.#ownerOfBatch(job) : await this.#ownerOfListing(id)
    if (typeof token !== 'string') return token
    return (await this.isOwned(token, owners)) ? undefined : { state: 'owned', token }
  }

  async #ownerOfBatch({ run, batch, generation }: BatchJobData): Promise<string | Standing> {
    const { redis, keys } = this.options
    const text = await redis.hget(keys.leases(run), String(batch))
    const lease = text === null ? undefined : parseLease(text)
    if (!lease || lease.generation !== generation || lease.state === 'parked') return { state: 'ended' }
    return lease.state === 'running' ? lease.token : { state: lease.state }
  }

  async #ownerOfListing(run: string): Promise<string | Standing> {
    const { redis, keys } = this.options
    const [listing, lister] = await redis.hmget(keys.run(run), 'listing', 'lister')
    if (listing === null) return { state: 'ended' }
    return lister ?? { state: 'queued' }
  }

  /** Whether the owner that a token names lives, and says that it owns that. `owners`: known from the same look. */
  async isOwned(token: string, owners: Owners = new Map()): Promise<boolean> {
    const { worker, number } = parseToken(token)
    let owned = owners.get(worker)
    if (!owned) {
      const { redis, keys } = this.options
      owned = redis.get(keys.ownedBy(worker)).then((text) => new Set((text ?? '').split(' ')))
      owners.set(worker, owned)
    }
    return (await owned).has(number)
  }

  async #mend({ id, queue, standing }: Suspect): Promise<void> {
    const { retries, logger } = this.options
    const job = parseBatchJobId(id)
    this.#suspects.delete(id)
    try {
      if (standing.state === 'ended') await queue.end(id, 'it has ended', false, false)
      else if (standing.state === 'delayed' && job && (await retries.has(queue.name, job)))
        await queue.delay({ id, addedAt: 0 }, 0)
      else if (standing.state === 'owned' && job) await this.takeBack(job, standing.token, queue)
      else {
        logger.warn({ job: id, queue: queue.name }, 'a job was taken, and nobody works on it: it is given back')
        await queue.giveBack(id)
      }
    } catch (error) {
      logger.warn({ err: error, job: id, queue: queue.name }, 'giving back a job failed; trying again')
    }
  }

  /** Takes a batch back from an owner that is gone, and lets its job stand in the queue again. */
  async takeBack(job: BatchJobData, token: string, queue: JobQueue<unknown>): Promise<void> {
    const { store, logger, metrics } = this.options
    const back = await store.takeBack(job, token)
    if (back === undefined) return
    metrics.batchTakenOver()
    const { worker } = parseToken(token)
    logger.warn(
      { run: job.run, batch: job.batch, worker, now: back },
      'a batch was taken back from a worker that is gone',
    )
    if (back === 'queued') await queue.giveBack(batchJobId(job))
    else await queue.end(batchJobId(job), 'the worker that ran this batch is gone', false, false)
  }
}

/** What each worker says it owns, by worker. */
type Owners = Map<string, Promise<ReadonlySet<string>>>
