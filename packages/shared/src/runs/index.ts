export { batchSizeFor, windowFor } from './batching.js'
export {
  type AttemptEnd,
  failureLine,
  foldLog,
  type Item,
  type ItemHistory,
  type LiveCall,
  outcomeLine,
  retryLine,
} from './item-log.js'
export { packIds, unpackIds } from './packed-ids.js'
export {
  hasEnded,
  type ItemError,
  type NewRun,
  type Run,
  type RunView,
  SAFE_FAILURE_TEXT,
  viewError,
  viewRun,
} from './run.js'
export { RunEndings } from './run-endings.js'
export { newRunId, RUN_ID } from './run-id.js'
export { type Page, type RunFilter, RunReader } from './run-reader.js'
export {
  type AcceptRequest,
  isStaged,
  RunStore,
  type Settlement,
  type SettleReply,
  type StartedBatch,
} from './run-store.js'
export {
  type Counts,
  isTerminal,
  ITEM_STATES,
  type ItemState,
  type Outcome,
  OUTCOMES,
  RUN_STATES,
  type RunState,
} from './states.js'
export { type OpenRun, OpenRuns } from './open-runs.js'
