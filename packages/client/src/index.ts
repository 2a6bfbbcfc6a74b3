export { ApiError } from './api-error.js'
export {
  executionParams,
  FlexActionClient,
  type ClientOptions,
  type Execution,
  type ExecutionAnswer,
  type FieldOption,
  type ItemFilter,
  type ItemPage,
  type ListedRecord,
  type OptionsQuestion,
  type RecordPage,
  type RunFilter,
  type RunPage,
  type Selection,
  type SteeringWord,
} from './client.js'
export { type Connection, type RunWatcher, watchRun } from './watch-run.js'
export { parseEvents, type ServerEvent } from './server-events.js'
export type * from '@flexaction/shared/views'
