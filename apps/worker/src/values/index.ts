/**
 * The one door for values of handlers: whatever one throws, returns, or gives to its context becomes a small plain value here,
 * in linear time. None of these functions ever throws, and nothing behind them sees the handler's own value.
 */
export { errorOf, type Failure, readThrown, readWhy } from './failures.js'
export { asPromise } from './promises.js'
export { type ReadResult, readResult } from './results.js'
export { readLogLine, readProgress, readText } from './given-texts.js'
