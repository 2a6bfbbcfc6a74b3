import type { Call } from './call.js'
import type { RunningBatch } from './running-batch.js'

/** What a rotation asks of a batch. */
export type WaitingBatch = Pick<RunningBatch, 'runId' | 'callsLeft' | 'takeCall'>

interface Lane {
  run: string
  /** Each with a call that waits. */
  batches: WaitingBatch[]
}

/** The batches in hand, by run. Calls are taken from one run after the other, so that no run holds the others up. */
export class Rotation {
  /** Of runs with calls that wait, and of no others: processes live long. */
  readonly #lanes: Lane[] = []
  #turn = 0
  #waiting = 0

  /** Calls that have not been started. */
  get waiting(): number {
    return this.#waiting
  }

  /** Runs whose calls wait. */
  get runs(): number {
    return this.#lanes.length
  }

  /** Whether calls of the run wait. */
  has(run: string): boolean {
    return this.#lanes.some((lane) => lane.run === run)
  }

  add(batch: WaitingBatch): void {
    if (batch.callsLeft === 0) return
    this.#waiting += batch.callsLeft
    const lane = this.#lanes.find(({ run }) => run === batch.runId)
    if (lane) lane.batches.push(batch)
    // A run of which nothing was in hand is next.
    else this.#lanes.splice(this.#turn, 0, { run: batch.runId, batches: [batch] })
  }

  /** The next run's next call; `undefined` when there is none. */
  next(): Call | undefined {
    if (this.#turn >= this.#lanes.length) this.#turn = 0
    const lane = this.#lanes[this.#turn]
    const batch = lane?.batches[0]
    const call = batch?.takeCall()
    if (!lane || !batch || !call) return undefined
    this.#waiting--
    if (batch.callsLeft === 0) lane.batches.shift()
    if (lane.batches.length === 0) this.#lanes.splice(this.#turn, 1)
    else this.#turn++
    return call
  }

  /** That many calls of a batch, all that were waiting, will not be made: it was given back or lost. */
  drop(batch: WaitingBatch, calls: number): void {
    const at = this.#lanes.findIndex((lane) => lane.batches.includes(batch))
    const lane = this.#lanes[at]
    if (!lane) return
    this.#waiting -= calls
    lane.batches = lane.batches.filter((other) => other !== batch)
    if (lane.batches.length > 0) return
    this.#lanes.splice(at, 1)
    if (at < this.#turn) this.#turn--
  }
}
