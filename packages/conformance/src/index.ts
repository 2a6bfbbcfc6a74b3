/** The messages protocol as exchanges: what is sent, and the whole answer. Replayed by our tests and by the doctor. */
export {
  type AnywhereCase,
  type Case,
  type CaseAnswer,
  type CaseRequest,
  casesForAnywhere,
  readCases,
} from './cases.js'
export { differences } from './differences.js'
export { exchange, type ExchangeTarget, type Received, spokenOf } from './exchange.js'
