import type { Histogram, Registry } from 'prom-client'

/** Upper bounds in seconds: those of OpenTelemetry's conventions, and a few for handlers that take long. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300]

/** Durations of one action. */
export class ActionDurations {
  /** By bucket; the last one holds what is above all bounds. */
  readonly counts = new Float64Array(DURATION_BUCKETS.length + 1)
  sum = 0

  /** Counts one. Cheap: it is called for each handler call. */
  observe(ms: number): void {
    const seconds = ms / 1_000
    let at = 0
    while (at < DURATION_BUCKETS.length && seconds > (DURATION_BUCKETS[at] as number)) at++
    this.counts[at] = (this.counts[at] as number) + 1
    this.sum += seconds
  }
}

/**
 * A histogram by action for what happens hundreds of thousands of times a second: prom-client's own looks its labels up by a
 * text that it makes at each observation, which takes longer than a handler call that does nothing.
 */
export class Durations {
  readonly type = 'histogram'
  readonly aggregator = 'sum'
  readonly #byAction = new Map<string, ActionDurations>()

  constructor(
    registry: Registry,
    readonly name: string,
    readonly help: string,
  ) {
    // The registry asks a metric for its name and its values alone.
    registry.registerMetric(this as unknown as Histogram)
  }

  of(action: string): ActionDurations {
    let durations = this.#byAction.get(action)
    if (!durations) {
      durations = new ActionDurations()
      this.#byAction.set(action, durations)
    }
    return durations
  }

  async get(): Promise<object> {
    const { name, help, type, aggregator } = this
    const values = [...this.#byAction].flatMap(([action, { counts, sum }]) => {
      let count = 0
      const buckets = [...counts].map((inBucket, at) => {
        count += inBucket
        return { metricName: `${name}_bucket`, labels: { le: DURATION_BUCKETS[at] ?? '+Inf', action }, value: count }
      })
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels: { action }, value: sum },
        { metricName: `${name}_count`, labels: { action }, value: count },
      ]
    })
    return { name, help, type, aggregator, values }
  }
}
