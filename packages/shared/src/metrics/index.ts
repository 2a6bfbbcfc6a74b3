export { type ActionDurations, DURATION_BUCKETS, Durations } from './durations.js'
export { noteEndedRun } from './ended-runs.js'
export { Metrics, type MetricsText } from './metrics.js'
