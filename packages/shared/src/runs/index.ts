export { Backlog, type Recount } from './backlog.js'
export { type BatchedAction, type Cut, cutFor, itemsPerCall, longestOf, windowFor } from './batching.js'
export { failureFingerprint } from './failure-fingerprint.js'
export { type EndedRun, endedRunOf } from './ended-run.js'
export {
  type AttemptEnd,
  attemptsSinceReopened,
  failureLine,
  foldLog,
  type Item,
  type ItemHistory,
  type LiveCall,
  LogWriter,
  outcomeLine,
  retryLine,
} from './item-log.js'
export type { ItemsFilter, RunItem } from './item-view.js'
export { type Lease, parseLease } from './lease.js'
export { packIds, unpackIds } from './packed-ids.js'
export {
  hasEnded,
  type HaltOn,
  type ItemError,
  type NewRun,
  type Run,
  type RunView,
  SAFE_FAILURE_TEXT,
  viewError,
  viewRun,
} from './run.js'
export { readTimes, RUN_TIMES, type RunTimes } from './run-times.js'
export { RunEndings, type RunWait } from './run-endings.js'
export {
  type CountedFailures,
  countFailures,
  type FailureGroup,
  type FailureGroups,
  mergeGroups,
} from './run-failures.js'
export type { StagedRetry } from './retry-staging.js'
export { newRunId, RUN_ID, runIdTime } from './run-id.js'
export { type Page, type RunFilter, type RunInput, RunReader } from './run-reader.js'
export { type ListedPage, type ListingReply, ListingStore, type StartedListing } from './listing-store.js'
export { RunIndex } from './run-index.js'
export type { RunScriptContext } from './run-scripts.js'
export { RunSteering, type SteeringReply } from './run-steering.js'
export {
  type AcceptRequest,
  isStaged,
  type KnownRun,
  type RunSelection,
  RunStore,
  type Settlement,
  type SettleReply,
  type StartedBatch,
  type ToQueue,
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
export { uncertainWhetherAccepted } from './uncertain.js'
