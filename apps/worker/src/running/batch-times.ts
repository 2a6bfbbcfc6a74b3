import type { RedisClock } from '@flexaction/shared/redis'
import type { AttemptEnd, StartedBatch } from '@flexaction/shared/runs'
import type { WorkerMetrics } from '../metrics/worker-metrics.js'
import type { BatchItems } from './batch-items.js'

export interface BatchTimesOptions {
  clock: Pick<RedisClock, 'now'>
  started: StartedBatch
  metrics: Pick<WorkerMetrics, 'runStarted'>
}

/** When the calls of a batch began, and how long they took. */
export class BatchTimes {
  #began = 0

  constructor(
    private readonly options: BatchTimesOptions,
    private readonly items: BatchItems,
  ) {}

  /** When its first call began, in Redis's time; 0 before that. */
  get began(): number {
    return this.#began
  }

  /** Its first call begins, or is about to. */
  begin(): void {
    if (this.#began > 0) return
    const { clock, started, metrics } = this.options
    const { run, batch } = started
    this.#began = clock.now()
    if (batch === 0 && run.generation === 0 && run.startedAt === undefined)
      metrics.runStarted(run.identity, this.#began - run.createdAt)
  }

  /** An attempt for an item ends at `now` (performance.now()). */
  attemptEnd(callStartedAt: number, position: number, now = performance.now()): AttemptEnd {
    const took = Math.round(now - callStartedAt)
    const started = Math.max(0, this.sinceCreation(now) - took)
    return { ...this.items.placeOf(position), attempt: this.items.attemptOf(position), started, took }
  }

  /** Milliseconds from the run's creation to a moment of the monotonic clock. */
  sinceCreation(at: number): number {
    const { clock, started } = this.options
    return Math.round(clock.now() - (performance.now() - at) - started.run.createdAt)
  }
}
