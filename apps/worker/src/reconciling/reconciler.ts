import type { Logger } from '@flexaction/shared/logging'
import type { BatchQueues, ListingQueues } from '@flexaction/shared/queues'
import { type Backlog, hasEnded, type OpenRuns, type RunIndex } from '@flexaction/shared/runs'

export interface ReconcilerOptions {
  openRuns: OpenRuns
  index: RunIndex
  queues: BatchQueues
  listings: ListingQueues
  backlog: Backlog
  logger: Logger
  /** How long ended runs are kept, in ms, and how many of them. */
  retentionMs: number
  keepRuns: number
}

/** Runs that one pass removes, at most: the rest is left to the next one. */
const REMOVED_PER_PASS = 2_000

/**
 * Puts right what a crash left behind, and removes what is too old. A process may die after a run was stored, or after a
 * batch's end named the next ones, and before their jobs were added: they are queued again. Jobs that stand in the queue
 * already are left alone.
 */
export async function reconcile(options: ReconcilerOptions): Promise<void> {
  const { openRuns, index, queues, listings, backlog, logger } = options
  const counting = await backlog.recount()
  for await (const { id, run, batches, fresh } of openRuns.scan()) {
    if (run && !hasEnded(run)) counting.add(run)
    if (fresh) continue
    if (!run) await index.forget(id)
    else if (hasEnded(run)) await index.ended(run, run.finishedAt ?? Date.now())
    else {
      if (run.listing && run.model !== undefined) await listings.ensure(id, run.model)
      const queued = await queues.ensure(run, batches)
      if (queued > 0)
        logger.warn({ run: id, batches: queued }, 'batches that a crash had left unqueued are queued again')
    }
  }
  await counting.finish()
  const removed = await index.purge(Date.now() - options.retentionMs, options.keepRuns, REMOVED_PER_PASS)
  if (removed > 0) logger.info({ runs: removed }, 'old runs removed')
}
