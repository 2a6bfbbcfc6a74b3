import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Logger } from '@flexaction/shared/logging'
import { batchJob, type JobQueues, listingJob, listingQueueName } from '@flexaction/shared/queues'
import type { Keys, RedisClient, RedisClock } from '@flexaction/shared/redis'
import {
  type Backlog,
  endedRunOf,
  hasEnded,
  type Lease,
  parseLease,
  type Run,
  type RunIndex,
  type RunSteering,
  runIdTime,
  type RunReader,
} from '@flexaction/shared/runs'
import type { Recovery } from './recovery.js'
import type { Retries } from './retries.js'

export interface ReconcilerOptions {
  redis: RedisClient
  keys: Keys
  clock: RedisClock
  reader: RunReader
  index: RunIndex
  steering: RunSteering
  queues: JobQueues
  backlog: Backlog
  retries: Retries
  recovery: Recovery
  logger: Logger
}

const RUNS_PER_PAGE = 100
/**
 * A run that is just being accepted stands in the index before it is stored, and is stored before its jobs are added; one that has just
 * ended stands there a moment longer.
 */
const FRESH_FOR_MS = 2_000
/** An entry of the index without a run this long after its creation will never get one. */
const ORPHANED_AFTER_MS = 10 * 60_000

/**
 * Puts right what a crash left behind: a process may die after a run was stored, or after a batch's end named the next ones, and
 * before their jobs were added. Jobs that stand in the queue already are left alone. A run that cannot be read is set aside.
 */
export class Reconciler {
  /** Runs that were reported as damaged. */
  readonly #damaged = new Set<string>()
  /** Batches whose owner was missed at the last pass, with its token: their job may be lost, so that nobody else looks. */
  #missed = new Map<string, string>()
  #busy: readonly string[] = []

  constructor(private readonly options: ReconcilerOptions) {}

  /** Looks at all open runs, page by page. */
  async pass(signal: AbortSignal): Promise<void> {
    const { index, backlog } = this.options
    const counting = await backlog.recount()
    const missed = new Map<string, string>()
    let cursor: string | undefined
    do {
      const { ids, next } = await index.open(cursor, RUNS_PER_PAGE)
      const runs = await Promise.all(ids.map((id) => this.#look(id, missed)))
      if (signal.aborted) return
      for (const run of runs) {
        if (!run || run.damaged !== undefined || hasEnded(run)) continue
        counting.add(run.identity, run.counts.waiting + run.counts.active)
        if (run.listing && run.model !== undefined) counting.add(listingQueueName(run.model), 1)
      }
      cursor = next
      await nextTurn()
    } while (cursor !== undefined)
    await backlog.correct(counting)
    this.#missed = missed
    this.#busy = [...counting.counted.keys()]
  }

  /** Queues of which the last pass has seen open runs. */
  get busy(): readonly string[] {
    return this.#busy
  }

  /** Sees to one run: after a reply about it was lost, it may be that nobody has queued its next batches. */
  async ensure(id: string): Promise<void> {
    const run = await this.options.reader.run(id)
    if (run && run.damaged === undefined && !hasEnded(run)) await this.#ensureJobs(run, new Map())
  }

  async #look(id: string, missed: Map<string, string>): Promise<Run | undefined> {
    const { reader, index, clock, logger } = this.options
    const run = await reader.run(id)
    const age = clock.now() - runIdTime(id)
    if (!run && age > ORPHANED_AFTER_MS) await index.forget(id)
    if (!run || age < FRESH_FOR_MS) return run
    if (run.damaged !== undefined) this.#setAside(run, run.damaged)
    else if (hasEnded(run)) {
      // Who has just learnt of its end takes it out of the open ones in this moment, and counts it.
      if (clock.now() - (run.finishedAt ?? 0) > FRESH_FOR_MS) index.ended(endedRunOf(run), run.generation)
    } else
      await this.#ensureJobs(run, missed).catch((error: unknown) => {
        logger.error({ err: error, run: id }, 'reconciling a run failed; the next pass tries again')
      })
    return run
  }

  #setAside({ id }: Run, reason: string): void {
    if (this.#damaged.has(id)) return
    this.#damaged.add(id)
    this.options.logger.error({ run: id, reason }, 'a run cannot be read, and is set aside; cancelling it removes it')
  }

  async #ensureJobs(run: Run, missed: Map<string, string>): Promise<void> {
    const { redis, keys, queues, steering, logger } = this.options
    // Whoever began to give it up may have died on the way.
    if (run.closing !== undefined) await steering.goOnClosing(run)
    if (run.listing && run.model !== undefined) await queues.listings(run.model).ensure(listingJob(run.id))
    const leases = Object.entries(await redis.hgetall(keys.leases(run.id)))
    const added = await Promise.all(
      leases.map(([batch, text]) => this.#ensureJob(run, Number(batch), parseLease(text), missed)),
    )
    const count = added.filter(Boolean).length
    if (count > 0)
      logger.warn({ run: run.id, batches: count }, 'batches that a crash had left unqueued are queued again')
  }

  /** Returns whether its job was missing. */
  async #ensureJob(run: Run, batch: number, lease: Lease, missed: Map<string, string>): Promise<boolean> {
    const { queues, retries, recovery, clock } = this.options
    if (lease.state === 'parked') return false
    const queue = queues.batches(run.identity)
    const job = batchJob(run, batch, lease.generation, false)
    if (lease.state === 'running') {
      if (await recovery.isOwned(lease.token)) return false
      missed.set(job.id, lease.token)
      if (this.#missed.get(job.id) === lease.token) await recovery.takeBack(job.data, lease.token, queue)
      return false
    }
    if (lease.state === 'delayed' && !(await retries.has(run.identity, job.data)))
      await retries.enter(run.identity, job.data, clock.now())
    return await queue.ensure(job)
  }
}
