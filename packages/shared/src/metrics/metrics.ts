import { Counter, Gauge, Registry } from 'prom-client'
import type { Outcome } from '../runs/index.js'
import { processMetrics } from './process-metrics.js'
import { redisErrorKind } from '../redis/index.js'

/** What an app has measured, as Prometheus reads it. */
export interface MetricsText {
  contentType: string
  text: string
}

/**
 * What gateways and workers measure alike. Counters live in memory and cost no command of Redis. Labels are actions, groups, states
 * and the like: never a run, a record or a user.
 */
export class Metrics {
  readonly registry = new Registry()
  readonly #runsEnded: Counter
  readonly #itemsSettled: Counter
  readonly #redisErrors: Counter

  constructor(role: 'gateway' | 'worker', version: string) {
    const registers = [this.registry]
    const build = ['version', 'node', 'role']
    this.gauge('flexaction_build_info', 'Always 1; the labels say what runs', build).set(
      { version, node: process.version, role },
      1,
    )
    this.#runsEnded = new Counter({
      name: 'flexaction_runs_ended_total',
      help: 'Runs that have ended, by their final state; one that is retried ends again',
      labelNames: ['action', 'state'],
      registers,
    })
    this.#itemsSettled = new Counter({
      name: 'flexaction_items_settled_total',
      help: 'Items that got their outcome',
      labelNames: ['action', 'outcome'],
      registers,
    })
    this.#redisErrors = new Counter({
      name: 'flexaction_redis_errors_total',
      help: 'Errors of Redis by kind: away, or what it refused with, such as oom or readonly',
      labelNames: ['kind'],
      registers,
    })
  }

  runEnded(action: string, state: string): void {
    this.#runsEnded.inc({ action, state })
  }

  itemsSettled(action: string, outcome: Outcome, items: number): void {
    if (items > 0) this.#itemsSettled.inc({ action, outcome }, items)
  }

  /** Counts an error if it is one of Redis. */
  failed(error: unknown): void {
    const kind = redisErrorKind(error)
    if (kind !== undefined) this.#redisErrors.inc({ kind })
  }

  /** `collect`: sets the gauge whenever somebody asks. */
  protected gauge(
    name: string,
    help: string,
    labelNames: readonly string[] = [],
    collect: (gauge: Gauge) => void = () => undefined,
  ): Gauge {
    const gauge: Gauge = new Gauge({
      ...{ name, help, labelNames, registers: [this.registry] },
      collect: () => collect(gauge),
    })
    return gauge
  }

  async read(): Promise<MetricsText> {
    const all = Registry.merge([processMetrics(), this.registry])
    return { contentType: all.contentType, text: await all.metrics() }
  }
}
