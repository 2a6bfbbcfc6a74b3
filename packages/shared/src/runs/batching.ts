import type { Target } from '../definitions/targets.js'

/** A run is cut into about this many batches, until they reach the action's batch size. */
const BATCHES_PER_RUN = 100

/**
 * Batches of a run that stand in the queue per live worker: one that runs, and one that is ready when it ends even while the
 * window, which is filled up when half of it is empty, is at its emptiest.
 */
const BATCHES_PER_WORKER = 4

/**
 * Items per batch. Small runs get one item per job, so that each record is visible in the dashboard; large ones grow
 * up to the action's batch size. A bulk handler's call is a batch, so there it is the batch size at once.
 */
export function batchSizeFor(target: Target, total: number): number {
  if (target.kind !== 'records') return 1
  if (target.bulk) return target.batchSize
  return Math.min(target.batchSize, Math.max(1, Math.ceil(total / BATCHES_PER_RUN)))
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
