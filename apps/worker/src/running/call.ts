import type { RunningBatch } from './running-batch.js'

/** Why a call is told to stop although it did nothing wrong: its items go back with the batch. */
export class Interruption extends Error {
  override readonly name = 'Interruption'
}

/** One call of a handler: for one item, or for all of a bulk batch's items. */
export class Call {
  /** Epoch ms. */
  startedAt = 0
  /** 0 to 100, when the handler has said so. */
  progress: number | undefined
  /** Positions in the batch whose outcome this call has still to decide. Empty once it is closed: a late outcome is discarded. */
  readonly open: Set<number>
  abortReason: Error | undefined
  /** Epoch ms. */
  abortedAt = 0
  /** Ends the wait for a handler that does not react to its signal. */
  abandon: ((reason: Error) => void) | undefined = undefined
  #abort: AbortController | undefined

  constructor(
    readonly batch: RunningBatch,
    readonly first: number,
    readonly attempt: number,
    others: readonly number[] = [],
  ) {
    this.open = new Set([first, ...others])
  }

  /** Made at first use: most handlers never ask, and a controller costs more than the rest of a call. */
  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController()
      if (this.abortReason) this.#abort.abort(this.abortReason)
    }
    return this.#abort.signal
  }

  abort(reason: Error): void {
    if (this.abortReason) return
    this.abortReason = reason
    this.abortedAt = Date.now()
    this.#abort?.abort(reason)
  }

  /** Ends the wait for the handler: `promise`, unless {@link abandon} is called first. */
  race<T>(promise: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.abandon = reject
      promise.then(resolve, reject)
    })
  }
}
