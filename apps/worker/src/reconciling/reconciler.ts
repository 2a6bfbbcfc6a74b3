import type { Logger } from '@flexaction/shared/logging'
import type { BatchQueues } from '@flexaction/shared/queues'
import { hasEnded, type OpenRuns } from '@flexaction/shared/runs'

export interface ReconcilerOptions {
  openRuns: OpenRuns
  queues: BatchQueues
  logger: Logger
}

/**
 * Queues again what a crash left unqueued: a process may die after a run was stored, or after a batch's end named the next
 * ones, and before their jobs were added. Jobs that stand in the queue already are left alone.
 */
export async function reconcile({ openRuns, queues, logger }: ReconcilerOptions): Promise<void> {
  for await (const { id, run, batches } of openRuns.scan()) {
    if (!run || hasEnded(run)) {
      await openRuns.forget(id)
      continue
    }
    const queued = await queues.ensure(run, batches)
    if (queued > 0) logger.warn({ run: id, batches: queued }, 'batches that a crash had left unqueued are queued again')
  }
}
