export {
  type ActionEntry,
  describeAction,
  describeCollection,
  identityOf,
  type PublishedAction,
  type PublishedCollection,
} from './published-action.js'
export { type Catalog, type CatalogConflict, CatalogStore, type LiveWorker } from './catalog-store.js'
