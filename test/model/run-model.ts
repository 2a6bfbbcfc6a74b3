import type { RecordId } from '@flexaction/shared'
import type { HaltOn, Outcome, RunState } from '@flexaction/shared/runs'

/** States of items that a retry calls again when it names them. */
export const RETRIED: ReadonlySet<string> = new Set(['failed', 'cancelled', 'expired'])

export interface ModelItem {
  id: RecordId | null
  state: 'waiting' | Outcome
  attempts: number
  message?: string | undefined
  result?: unknown
  /** The number of the call that is going on. */
  active?: number | undefined
  former: Pick<ModelItem, 'state' | 'attempts' | 'message'>[]
}

export interface ModelBatch {
  state: 'queued' | 'running' | 'delayed' | 'parked'
  token: string
  generation: number
  sequence: number
  interruptions: number
}

export interface Happened {
  item: ModelItem
  ending: Outcome | 'retry'
  message?: string | undefined
  result?: unknown
}

/** What a settlement must be answered. `most`: how many batches it must name, as far as there are so many. */
export type Answer = { status: 'lost' | 'ended' } | { status: 'recorded'; then: string; most: number }

/** The reference: what a run must be after each step, without Redis, scripts, logs and chunks. */
export class RunModel {
  state: RunState = 'waiting'
  generation = 0
  closing: 'cancelled' | 'expired' | undefined
  started = false
  items: ModelItem[] = []
  /** Batches that stand in the queue, or are in somebody's hands. */
  batches = new Map<number, ModelBatch>()
  /** Batches up to this one were named to be queued. */
  next = 0
  /** Batches with reopened items that were not named since. */
  redo = new Set<number>()
  /** Batches with items that failed since the last retry of all; those that failed may have been retried by name since. */
  failedBatches = new Set<number>()
  errors: string[] = []
  listing: { token: string; pages: number; rest: RecordId[]; restCounted: number } | undefined
  listingFailed = false
  cutOff = false
  haltFrom = 0

  constructor(
    readonly batchSize: number,
    readonly haltOn: HaltOn | undefined,
    /** Whether it had to start by now; undefined without a time. */
    public late: boolean | undefined,
  ) {}

  readonly itemsOf = (batch: number): ModelItem[] =>
    this.items.slice(batch * this.batchSize, (batch + 1) * this.batchSize)
  readonly count = (state: ModelItem['state']): number => this.items.filter((item) => item.state === state).length
  readonly has = (state: ModelBatch['state']): boolean => [...this.batches.values()].some((one) => one.state === state)

  get ended(): boolean {
    return !['waiting', 'running', 'paused', 'halted'].includes(this.state)
  }
  /** While there are more pages, the last batch may still grow. */
  get wholeBatches(): number {
    const batches = this.items.length / this.batchSize
    return this.listing ? Math.floor(batches) : Math.ceil(batches)
  }
  get held(): boolean {
    return this.state === 'paused' || this.state === 'halted'
  }
  get queued(): number {
    return [...this.batches.values()].filter(({ state }) => state === 'queued' || state === 'running').length
  }

  /** The store has named these batches to be queued, and was to name `most` if there are so many. */
  name(most: number, named: number[]): void {
    const reopened = named.filter((batch) => this.redo.delete(batch))
    const size = reopened.length + this.redo.size
    const fresh = Math.max(0, Math.min(most - reopened.length, this.wholeBatches - this.next))
    const expected = Array.from({ length: fresh }, (_, at) => this.next + at)
    const others = named.filter((batch) => !reopened.includes(batch)).sort((a, b) => a - b)
    if (reopened.length !== Math.max(0, Math.min(most, size)) || String(others) !== String(expected))
      throw new Error(
        `of ${size} reopened batches and [${String(expected)}], ${most} were to be named, not [${String(named)}]`,
      )
    this.next += fresh
    for (const batch of named) this.#idle(batch, 'queued', 0, this.generation)
  }

  begin(): 'begin' | 'expired' | 'hold' | 'cancel' {
    if (this.ended || this.closing) return 'cancel'
    if (this.held) return 'hold'
    if (this.state === 'waiting' && this.late) return (this.close('expired'), 'expired')
    this.#start()
    return 'begin'
  }

  /** Whether the batch is the new owner's. */
  take(batch: number, token: string, generation: number): boolean {
    const one = this.batches.get(batch)
    if (one?.generation !== generation || one.state === 'parked' || one.state === 'running') return false
    if (this.state === 'waiting' && this.late) return (this.close('expired'), false)
    this.batches.set(batch, { ...one, state: 'running', token, sequence: 0 })
    return true
  }

  settle(
    batch: number,
    token: string,
    sequence: number,
    happened: Happened[],
    active: ModelItem[],
    began: boolean,
    next: string,
    window: number,
  ): Answer {
    const one = this.batches.get(batch)
    if (one?.state !== 'running' || one.token !== token) return { status: 'lost' }
    if (one.sequence >= sequence) return { status: 'recorded', then: 'go-on', most: 0 }
    one.sequence = sequence
    for (const { item, ending, message, result } of happened) {
      Object.assign(item, {
        state: ending === 'retry' ? 'waiting' : ending,
        attempts: item.attempts + 1,
        message,
        result,
      })
      if (ending === 'failed') {
        this.errors.push(message ?? '')
        this.failedBatches.add(batch)
      }
    }
    for (const item of this.itemsOf(batch)) item.active = active.includes(item) ? item.attempts + 1 : undefined
    if (began) this.#start()
    const held = this.held
    if (next === 'end' || (next !== '' && this.closing)) this.batches.delete(batch)
    else if (next === 'delay') this.#idle(batch, held ? 'parked' : 'delayed', 0, one.generation)
    else if (next === 'release') this.#idle(batch, held ? 'parked' : 'queued', one.interruptions, one.generation)
    if (next !== '' && this.#endIfDone()) return { status: 'ended' }
    const then = this.closing
      ? 'cancel'
      : held
        ? next === ''
          ? 'hold'
          : 'parked'
        : this.#halts(happened)
          ? 'hold'
          : 'go-on'
    if (then === 'hold' && !held) this.hold('halted')
    if (then !== 'go-on')
      return {
        status: 'recorded',
        then: !held && this.batches.get(batch)?.state === 'parked' ? 'parked' : then,
        most: 0,
      }
    const room = window - this.queued
    return { status: 'recorded', then, most: (next === 'end' || next === 'delay') && 2 * room >= window ? room : 0 }
  }

  /** The owner was lost. */
  takeBack(batch: number, token: string): 'queued' | 'parked' | 'ended' | undefined {
    const one = this.batches.get(batch)
    if (one?.state !== 'running' || one.token !== token) return undefined
    for (const item of this.itemsOf(batch)) item.active = undefined
    if (this.closing) this.batches.delete(batch)
    else this.#idle(batch, this.held ? 'parked' : 'queued', one.interruptions + 1, one.generation)
    return this.#endIfDone() ? 'ended' : this.closing || this.held ? 'parked' : 'queued'
  }

  hold(state: 'paused' | 'halted'): void {
    this.state = state
    for (const one of this.batches.values()) if (one.state !== 'running') one.state = 'parked'
  }

  resume(most: number, named: number[]): void {
    this.generation++
    this.state = this.started ? 'running' : 'waiting'
    this.haltFrom = this.count('failed')
    const parked = [...this.batches].filter(([, { state }]) => state === 'parked').map(([batch]) => batch)
    if (parked.some((batch) => !named.includes(batch)))
      throw new Error(`parked: ${String(parked)}, named: ${String(named)}`)
    for (const batch of parked)
      Object.assign(this.batches.get(batch) ?? {}, { state: 'queued', generation: this.generation })
    this.name(
      most - this.queued,
      named.filter((batch) => !parked.includes(batch)),
    )
  }

  /** For all failed items, or for those of `chosen` that a retry calls again. */
  retry(most: number, named: number[], chosen?: ReadonlySet<ModelItem>): void {
    this.generation++
    for (const [at, item] of this.items.entries()) {
      if (chosen ? !chosen.has(item) || !RETRIED.has(item.state) : item.state !== 'failed') continue
      const { state, attempts, message } = item
      Object.assign(item, {
        state: 'waiting',
        message: undefined,
        former: [...item.former, { state, attempts, message }],
      })
      if (chosen) this.redo.add(Math.floor(at / this.batchSize))
    }
    if (!chosen) [this.redo, this.failedBatches] = [this.failedBatches, new Set()]
    const failed = this.count('failed')
    const errors = failed > 0 ? this.errors : []
    Object.assign(this, { state: this.started ? 'running' : 'waiting', late: undefined, haltFrom: failed, errors })
    this.name(most, named)
  }

  /** Gives the run up. Returns whether that ended it. */
  close(outcome: 'cancelled' | 'expired'): boolean {
    this.closing = outcome
    this.cutOff ||= this.listing !== undefined
    this.listing = undefined
    this.redo.clear()
    this.next = this.wholeBatches
    for (const [batch, { state }] of this.batches) if (state !== 'running') this.batches.delete(batch)
    return this.#endIfDone()
  }

  /** A page was listed. */
  list(
    token: string,
    page: number,
    ids: RecordId[],
    rest: RecordId[],
    then: 'more' | 'done' | 'failed',
    window: number,
  ): Answer {
    if (this.listing?.token !== token) return { status: 'lost' }
    if (this.listing.pages >= page) return { status: 'recorded', then: 'go-on', most: 0 }
    const counted = ids.length > 0 ? this.listing.restCounted : 0
    this.items.push(...ids.slice(counted).map((id): ModelItem => ({ id, state: 'waiting', attempts: 0, former: [] })))
    const restCounted = ids.length > 0 ? 0 : this.listing.restCounted
    this.listing = then === 'more' ? { token, pages: page, rest, restCounted } : undefined
    this.listingFailed = then === 'failed'
    if (then !== 'more' && this.#endIfDone()) return { status: 'ended' }
    return { status: 'recorded', then: 'go-on', most: this.held ? 0 : window - this.queued }
  }

  resumeListing(chunkSize: number): void {
    this.generation++
    const part = this.items.length % chunkSize
    const rest = part === 0 ? [] : this.items.slice(-part).map(({ id }) => id as RecordId)
    this.listing = { token: '', pages: 0, rest, restCounted: part }
    this.next = this.wholeBatches
    const state = this.started ? 'running' : 'waiting'
    Object.assign(this, { state, late: undefined, haltFrom: this.count('failed'), listingFailed: false })
  }

  #start(): void {
    this.started = true
    if (this.state === 'waiting') this.state = 'running'
  }

  #idle(batch: number, state: ModelBatch['state'], interruptions: number, generation: number): void {
    this.batches.set(batch, { state, token: '', generation, sequence: 0, interruptions })
  }

  #halts(happened: Happened[]): boolean {
    if (!this.haltOn || this.count('waiting') === 0 || !happened.some(({ ending }) => ending === 'failed')) return false
    const percent = (share: number): number => Math.max(1, Math.ceil((this.items.length * share) / 100))
    const most = 'failures' in this.haltOn ? this.haltOn.failures : percent(this.haltOn.percent)
    return this.count('failed') - this.haltFrom >= most
  }

  /** A run ends when nobody runs anything of it, and it was given up or nothing is left to do. */
  #endIfDone(): boolean {
    if (this.has('running') || (!this.closing && (this.listing || this.count('waiting') > 0))) return false
    for (const item of this.items) if (item.state === 'waiting') item.state = this.closing ?? item.state
    const failed = this.count('failed')
    if (this.closing === 'expired') this.state = 'expired'
    else if (this.cutOff || this.count('cancelled') > 0) this.state = 'cancelled'
    else if (failed === this.items.length && (failed > 0 || this.listingFailed)) this.state = 'failed'
    else this.state = failed > 0 || this.listingFailed ? 'completed_with_failures' : 'succeeded'
    this.closing = undefined
    this.batches.clear()
    return true
  }
}
