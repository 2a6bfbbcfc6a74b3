export { type ActionEntry, describeAction, identityOf, type PublishedAction } from './published-action.js'
export { type CatalogConflict, CatalogStore, type LiveWorker } from './catalog-store.js'
