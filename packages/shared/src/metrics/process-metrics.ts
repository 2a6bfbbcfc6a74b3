import { monitorEventLoopDelay } from 'node:perf_hooks'
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** The event loop's longest delay within each such interval is one observation, in ms. */
const LAG_EVERY_MS = 1_000
/** How finely delays are seen, in ms. */
const LAG_RESOLUTION_MS = 20
const LAG_BUCKETS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

let registry: Registry | undefined

/**
 * What is measured of the process itself: memory, CPU, garbage collection, the event loop. Measuring begins with the first call, so that
 * a process that nobody asks measures nothing.
 */
export function processMetrics(): Registry {
  if (registry) return registry
  registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_RESOLUTION_MS })
  const lag = new Histogram({
    name: 'flexaction_event_loop_lag_seconds',
    help: 'Longest delay of the event loop in each second',
    buckets: LAG_BUCKETS,
    registers: [registry],
  })
  const delays = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS })
  delays.enable()
  setInterval(() => {
    // Delays are counted with the time between two looks.
    lag.observe(Math.max(0, delays.max / 1e9 - LAG_RESOLUTION_MS / 1e3))
    delays.reset()
  }, LAG_EVERY_MS).unref()
  return registry
}
