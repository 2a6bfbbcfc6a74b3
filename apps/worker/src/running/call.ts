import type { RecordId, RunInfo, RunUser } from '@flexaction/shared'
import type { Logger } from '@flexaction/shared/logging'
import type { Called, OneEnding } from './context.js'
import type { CallInput } from './invoke-handler.js'
import { maskEnding } from './mask-values.js'
import type { RunningBatch } from './running-batch.js'

/** Why a call is told to stop although it did nothing wrong: its items go back with the batch. */
export class Interruption extends Error {
  override readonly name = 'Interruption'
}

/** The run was given up: items that are being called end as cancelled, unless their handler returns in time. */
export class Cancellation extends Error {
  override readonly name = 'Cancellation'
}

const NONE: readonly number[] = []

/** One call of a handler: for one item, or for all of a bulk batch's items. */
export class Call implements Called {
  /** By the monotonic clock, in ms. */
  startedAt = 0
  /** How long it waited for the action's limits, in ms. */
  limitMs = 0
  /** Its progress, 0 to 100, when the handler has said so. */
  done: number | undefined
  /** Lines that the handler has written to the job's log. */
  lines = 0
  /** Files of single ids that are being stored, by position. Made at first use. */
  storing: Map<number, Promise<void>> | undefined
  /** Ids that the handler settled and that are not in this call, as text. */
  unknownIds: string[] | undefined
  /** It was said already that the handler settled ids which are not open. */
  warned = false
  abortReason: Error | undefined
  /** By the monotonic clock, in ms. */
  abortedAt = 0
  /** Ends the wait for a handler that does not react to its signal. */
  abandon: ((reason: Error) => void) | undefined = undefined
  #abort: AbortController | undefined
  /** The items that are open, once one of them was decided by itself; most calls are for one item and never need it. */
  #open: Set<number> | undefined
  #closed = false

  constructor(
    readonly batch: RunningBatch,
    readonly first: number,
    readonly attempt: number,
    private readonly others: readonly number[] = NONE,
  ) {}

  /** Positions in the batch whose outcome this call has still to decide, in ascending order. */
  get open(): readonly number[] {
    if (this.#closed) return NONE
    return this.#open ? [...this.#open] : [this.first, ...this.others]
  }

  /** All of its items, open or not. */
  get items(): number {
    return 1 + this.others.length
  }

  get openItems(): number {
    return this.#closed ? 0 : (this.#open?.size ?? 1 + this.others.length)
  }

  /** Whether the item lies within this call, open or not. */
  has(position: number): boolean {
    return position >= this.first && position <= (this.others.at(-1) ?? this.first)
  }

  /** Whether an item may still be decided by itself: it is open, and no file of it is being stored. */
  isFree(position: number): boolean {
    this.#open ??= new Set([this.first, ...this.others])
    return !this.#closed && this.#open.has(position) && !this.storing?.has(position)
  }

  /** One of its items is decided. `false`: the call has nothing to say about it, or no longer. */
  decide(position: number): boolean {
    if (this.#closed) return false
    this.#open ??= new Set([this.first, ...this.others])
    return this.#open.delete(position)
  }

  /** What it may bring later is discarded. */
  close(): void {
    this.#closed = true
  }

  /** Made at first use: most handlers never ask, and a controller costs more than the rest of a call. */
  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController()
      if (this.abortReason) this.#abort.abort(this.abortReason)
    }
    return this.#abort.signal
  }

  /** What its handler is called with. */
  get input(): CallInput {
    const { ids, form } = this.batch
    const { params } = form
    return { ids: this.open.map((position) => ids[position] ?? null), params }
  }

  /** Params whose values are secret. */
  get secretFields(): readonly string[] {
    return this.batch.form.secretFields
  }

  get runInfo(): RunInfo {
    return this.batch.runInfo
  }

  get user(): RunUser {
    return this.batch.user
  }

  get idempotencyKey(): string {
    return this.batch.idempotencyKey(this)
  }

  get logger(): Logger {
    return this.batch.loggerFor(this)
  }

  log(line: string): void {
    if (!this.#closed) this.batch.log(this, this.batch.form.mask?.text(line) ?? line)
  }

  progress(percent: number): void {
    this.batch.progress(this, percent)
  }

  settleOne(id: RecordId, ending: OneEnding): void {
    this.batch.settleOne(this, id, maskEnding(ending, this.batch.form.mask))
  }

  abort(reason: Error): void {
    if (this.abortReason) return
    this.abortReason = reason
    this.abortedAt = performance.now()
    this.#abort?.abort(reason)
  }

  /** Resolves when the files that the handler gave to single ids are stored, and these settled. */
  async filesStored(): Promise<void> {
    if (this.storing) await this.race(Promise.all(this.storing.values()))
  }

  /** Ends the wait for the handler: `promise`, unless {@link abandon} is called first. */
  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.abandon = reject
      promise.then(resolve, reject)
    })
  }
}
