export { Lifecycle, type LongLived, type Part } from './lifecycle.js'
export { runUntilSignal } from './run-until-signal.js'
