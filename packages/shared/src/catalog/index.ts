export {
  type ActionEntry,
  DEFAULT_SLOTS,
  describeAction,
  describeCollection,
  describeMessage,
  GET_ACTION_LIST,
  identityOf,
  type PublishedAction,
  type PublishedCollection,
} from './published-action.js'
export {
  type Catalog,
  type CatalogConflict,
  CatalogStore,
  type HeartbeatReply,
  type LiveWorker,
} from './catalog-store.js'
