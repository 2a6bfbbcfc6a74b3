export {
  type ErrorCode,
  type FieldMessages,
  FlexActionError,
  type FlexActionErrorOptions,
  statusOf,
} from './flexaction-error.js'
