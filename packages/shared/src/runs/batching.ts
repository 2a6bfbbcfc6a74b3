import type { Target } from '../definitions/targets.js'

/** What decides how large the batches of an action's runs are. */
export interface BatchedAction {
  target: Target
  /** Handler calls at once in one worker process. */
  slots: number
  /** Most calls that may begin per second, over all workers; absent without such a limit. */
  callsPerSecond?: number
}

/** Items per batch of a run whose size is not known yet, on an action that was never measured. */
const UNKNOWN_ITEMS = 100

/** Runs of up to so many items get one job for each. Larger ones are cut into about as many batches… */
const BATCHES_PER_RUN = 50
/** … until a batch holds this many items… */
const ITEMS_TO_SHARE = 50
/** … and then into more, up to this many, so that the last ones are shared evenly among many workers. */
const BATCHES_PER_LARGE_RUN = 200
/** The same for bulk actions, whose calls are large already… */
const BATCHES_PER_BULK_RUN = 20
/** … and this many calls in one batch at most: they are shared among workers batch by batch. */
const CALLS_PER_BULK_BATCH = 10

/** Ids of one batch take at most about this many characters: what is written to Redis in one go is bounded. */
const MOST_ID_CHARACTERS = 256_000
/** Ids and logs are stored in chunks of so many items: fewer would cost more memory, more would make reading a page slow. */
const ITEMS_PER_CHUNK = 100

/**
 * Batches of a run that stand in the queue per live worker: one that runs, and one that is ready when it ends even while the
 * window, which is filled up when half of it is empty, is at its emptiest.
 */
const BATCHES_PER_WORKER = 4

/** How a run's items are cut: into batches, which are worked off, and into chunks, which are stored. */
export interface Cut {
  /** Items per batch. */
  batchSize: number
  /** Items per chunk. */
  chunkSize: number
}

/**
 * How to cut a run of `total` items. A batch takes about a second of one worker's slots, by the measured length of a call, and
 * at most the action's `batchSize`; small runs get one call per job, so that each is visible in the dashboard.
 * `callMs`: measured length of a call; `undefined` if unknown. `longestId`: characters of the longest id.
 */
export function cutFor(action: BatchedAction, total: number, callMs: number | undefined, longestId: number): Cut {
  if (action.target.kind !== 'records') return { batchSize: 1, chunkSize: 1 }
  const byBytes = Math.max(1, Math.floor(MOST_ID_CHARACTERS / (longestId + 3)))
  return {
    batchSize: Math.min(itemsOfOneSecond(action, total, callMs), byBytes),
    chunkSize: Math.min(ITEMS_PER_CHUNK, byBytes),
  }
}

function itemsOfOneSecond(action: BatchedAction, total: number, callMs: number | undefined): number {
  const { target } = action
  if (target.kind !== 'records') return 1
  const calls = callsOfOneSecond(action, total, callMs)
  const { bulk, batchSize } = target
  if (!bulk) {
    const size = Math.max(1, Math.ceil(total / BATCHES_PER_RUN))
    const shared = Math.max(ITEMS_TO_SHARE, Math.ceil(total / BATCHES_PER_LARGE_RUN))
    return Math.min(batchSize, size, shared, calls)
  }
  const shared = Math.max(1, Math.ceil(total / batchSize / BATCHES_PER_BULK_RUN))
  return batchSize * Math.min(CALLS_PER_BULK_BATCH, shared, calls)
}

/** An action that was never measured may be slow: its batches are small, but not more than are worth their cost. */
function callsOfOneSecond({ slots, callsPerSecond }: BatchedAction, total: number, callMs: number | undefined): number {
  const unmeasured = Number.isFinite(total) ? Math.ceil(total / BATCHES_PER_LARGE_RUN) : UNKNOWN_ITEMS
  const bySlots = callMs === undefined ? Math.max(slots, unmeasured) : (slots * 1_000) / Math.max(0.001, callMs)
  return Math.max(1, Math.floor(Math.min(bySlots, callsPerSecond ?? Number.POSITIVE_INFINITY)))
}

/** Most items of one handler call. */
export function itemsPerCall(target: Target): number {
  return target.kind === 'records' && target.bulk ? target.batchSize : 1
}

/**
 * How many batches of one run may stand in the queue at a time: enough to keep every slot of every worker busy while the
 * next ones are queued, and few enough to leave room for other runs.
 */
export function windowFor(callsPerBatch: number, workers: number, slotsPerWorker: number): number {
  const byWorkers = BATCHES_PER_WORKER * Math.max(1, workers)
  const bySlots = Math.ceil((2 * slotsPerWorker * Math.max(1, workers)) / Math.max(1, callsPerBatch))
  return Math.max(4, byWorkers, bySlots)
}

/** Characters of the longest id. */
export function longestOf(ids: readonly (string | number)[]): number {
  let longest = 20
  for (const id of ids) if (typeof id === 'string' && id.length > longest) longest = id.length
  return longest
}
