import type { RedisClock } from '@flexaction/shared/redis'
import { type AttemptEnd, RUN_TIMES, type RunTimes, type StartedBatch } from '@flexaction/shared/runs'
import type { WorkerMetrics } from '../metrics/worker-metrics.js'
import type { BatchItems } from './batch-items.js'
import type { Call } from './call.js'

export interface BatchTimesOptions {
  clock: Pick<RedisClock, 'now'>
  started: StartedBatch
  metrics: Pick<WorkerMetrics, 'runStarted'>
  /** Since when its calls could have been made, in Redis's time. */
  readyAt: number
}

/** When the calls of a batch began, how long they took, and what they waited for. */
export class BatchTimes {
  #began = 0
  /** By the monotonic clock. */
  readonly #readyAt: number
  #spent: RunTimes = { calls: 0, slotMs: 0, limitMs: 0, handlerMs: 0, retryMs: 0 }

  constructor(
    private readonly options: BatchTimesOptions,
    private readonly items: BatchItems,
  ) {
    this.#readyAt = performance.now() - Math.max(0, options.clock.now() - options.readyAt)
  }

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

  /** A call begins. */
  callBegins(call: Call): void {
    call.startedAt = performance.now()
    this.begin()
    this.#spent.calls++
    this.#spent.limitMs += call.limitMs
    this.#spent.slotMs += Math.max(0, call.startedAt - this.#readyAt - call.limitMs)
  }

  callEnds(call: Call, now: number): void {
    this.#spent.handlerMs += now - call.startedAt
  }

  /** Some of a call's items wait so long for their retry; `part`: which part of its items they are. */
  retries(waitMs: number, part: number): void {
    this.#spent.retryMs += waitMs * part
  }

  /** What calls have spent since this was asked last, in whole ms. */
  takeSpent(): RunTimes {
    const spent = { ...this.#spent }
    for (const name of RUN_TIMES) {
      spent[name] = Math.floor(spent[name])
      this.#spent[name] -= spent[name]
    }
    return spent
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
