/** The messages protocol as exchanges: what is sent, and the whole answer. Replayed by our tests and by the doctor. */
export {
  type AnywhereCase,
  type Case,
  type CaseAnswer,
  type CaseRequest,
  casesForAnywhere,
  type LooseAnswer,
  readCases,
} from './cases.js'
export { differences } from './differences.js'
export { answered, exchange, type ExchangeTarget, type Received } from './exchange.js'
export { usualHeaders } from './usual-headers.js'
