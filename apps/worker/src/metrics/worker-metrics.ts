import { DURATION_BUCKETS, Durations, Metrics } from '@flexaction/shared/metrics'
import { Counter, Histogram } from 'prom-client'
import { VERSION } from '../version.js'

/** How much of an action's slots in this worker is in use. */
export interface SlotsInUse {
  readonly identity: string
  readonly slots: number
  readonly busy: number
}

/** What a worker measures. */
export class WorkerMetrics extends Metrics {
  /** Handler calls. */
  readonly calls = new Durations(
    this.registry,
    'flexaction_call_duration_seconds',
    'Handler calls, of one item or of a bulk batch, whatever came of them',
  )
  readonly #runWait: Histogram
  readonly #takenOver: Counter

  constructor() {
    super('worker', VERSION)
    const registers = [this.registry]
    this.#runWait = new Histogram({
      name: 'flexaction_run_wait_seconds',
      help: 'From accepting a run to its first handler call',
      labelNames: ['action'],
      buckets: DURATION_BUCKETS,
      registers,
    })
    this.#takenOver = new Counter({
      name: 'flexaction_batches_taken_over_total',
      help: 'Batches that were taken back from a worker that died, or was not heard of any more',
      registers,
    })
  }

  /** A run's first handler call begins. */
  runStarted(action: string, waitedMs: number): void {
    this.#runWait.observe({ action }, Math.max(0, waitedMs) / 1_000)
  }

  batchTakenOver(): void {
    this.#takenOver.inc()
  }

  /** Shows how much of the slots is in use, whenever somebody asks. */
  watchSlots(read: () => readonly SlotsInUse[]): void {
    this.gauge('flexaction_slots', 'Most handler calls at once in this worker', ['action'], (gauge) => {
      for (const { identity, slots } of read()) gauge.set({ action: identity }, slots)
    })
    this.gauge('flexaction_slots_busy', 'Handler calls that are going on in this worker', ['action'], (gauge) => {
      for (const { identity, busy } of read()) gauge.set({ action: identity }, busy)
    })
  }
}
