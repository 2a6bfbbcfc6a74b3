export { History, HISTORY_SPANS, type Settled } from './history.js'
