import type { Target } from '../definitions/targets.js'

/** Runs of up to so many items get one job for each. Larger ones are cut into about as many batches… */
const BATCHES_PER_RUN = 50
/** … until a batch holds this many items… */
const ITEMS_TO_SHARE = 50
/** … and then into more, up to this many, so that the last ones are shared evenly among many workers. */
const BATCHES_PER_LARGE_RUN = 200

/**
 * Batches of a run that stand in the queue per live worker: one that runs, and one that is ready when it ends even while the
 * window, which is filled up when half of it is empty, is at its emptiest.
 */
const BATCHES_PER_WORKER = 4

/** The same for bulk actions, whose calls are large already… */
const BATCHES_PER_BULK_RUN = 20
/** … and this many calls in one batch at most: they are shared among workers batch by batch. */
const CALLS_PER_BULK_BATCH = 10

/**
 * Items per batch. Small runs get one call per job, so that each is visible in the dashboard; large ones grow: up to the
 * action's batch size, or for bulk actions, whose batch size is that of a call, to several calls.
 */
export function batchSizeFor(target: Target, total: number): number {
  if (target.kind !== 'records') return 1
  const { bulk, batchSize } = target
  if (!bulk) {
    const size = Math.max(1, Math.ceil(total / BATCHES_PER_RUN))
    const shared = Math.max(ITEMS_TO_SHARE, Math.ceil(total / BATCHES_PER_LARGE_RUN))
    return Math.min(batchSize, size, shared)
  }
  const calls = Math.ceil(total / batchSize / BATCHES_PER_BULK_RUN)
  return batchSize * Math.min(CALLS_PER_BULK_BATCH, Math.max(1, calls))
}

/** Most items of one handler call. */
export function itemsPerCall(target: Target): number {
  return target.kind === 'records' && target.bulk ? target.batchSize : 1
}

/**
 * How many batches of one run may stand in the queue at a time: enough to keep every slot of every worker busy while the
 * next ones are queued, and few enough to leave room for other runs.
 */
export function windowFor(batchSize: number, workers: number, slotsPerWorker: number): number {
  const byWorkers = BATCHES_PER_WORKER * Math.max(1, workers)
  const bySlots = Math.ceil((2 * slotsPerWorker * Math.max(1, workers)) / batchSize)
  return Math.max(4, byWorkers, bySlots)
}
