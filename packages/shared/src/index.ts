/**
 * What authors of actions import:
 * `import { defineAction, records, field, ActionError } from '@flexaction/shared'`.
 */
export { ActionError, type FieldErrors } from './definitions/action-error.js'
export type { BulkContext, HandlerContext, RecordId, Role, RunInfo, RunUser } from './definitions/context.js'
export {
  type ActionDefinition,
  type ActionOptions,
  type Backoff,
  defineAction,
  type HaltOn,
  type HandlerInput,
  type Limits,
  type Rate,
  type Respond,
  type RetryPolicy,
} from './definitions/define-action.js'
export {
  type CollectionDefinition,
  type CollectionOptions,
  defineCollection,
  type ListedRecord,
  type ListRequest,
  type RecordPage,
} from './definitions/define-collection.js'
export {
  addMessageHandler,
  defineMessage,
  type MessageDefinition,
  type MessageHandler,
  type MessageOptions,
} from './definitions/define-message.js'
export type { Permission } from './definitions/permission.js'
export { type FileOptions, type FileResult, result } from './definitions/result.js'
export { collection, common, records, type Target } from './definitions/targets.js'
export type { Duration } from './config/duration.js'
export { field, type OfferedOption, type OptionsProvider, type OptionsRequest, type ParamsOf } from './fields/index.js'
