import type { Call } from './call.js'
import type { RunningBatch } from './running-batch.js'

interface Lane {
  run: string
  batches: RunningBatch[]
}

/** The batches in hand, by run. Calls are taken from one run after the other, so that no run holds the others up. */
export class Rotation {
  readonly #lanes: Lane[] = []
  #turn = 0
  #waiting = 0

  /** Calls that have not been started. */
  get waiting(): number {
    return this.#waiting
  }

  /** Whether calls of the run wait. */
  has(run: string): boolean {
    return this.#lanes.some((lane) => lane.run === run && lane.batches.some(({ callsLeft }) => callsLeft > 0))
  }

  add(batch: RunningBatch): void {
    if (batch.callsLeft === 0) return
    this.#waiting += batch.callsLeft
    const lane = this.#lanes.find(({ run }) => run === batch.runId)
    if (lane) lane.batches.push(batch)
    else this.#lanes.push({ run: batch.runId, batches: [batch] })
  }

  /** The next run's next call; `undefined` when there is none. */
  next(): Call | undefined {
    while (this.#lanes.length > 0) {
      if (this.#turn >= this.#lanes.length) this.#turn = 0
      const lane = this.#lanes[this.#turn] as Lane
      const call = lane.batches[0]?.takeCall()
      if (call) {
        this.#waiting--
        this.#turn++
        return call
      }
      lane.batches.shift()
      if (lane.batches.length === 0) this.#lanes.splice(this.#turn, 1)
    }
    return undefined
  }

  /** Calls that were waiting will not be made: their batch was given back or lost. */
  forget(calls: number): void {
    this.#waiting -= calls
  }
}
