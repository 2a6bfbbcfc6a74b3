import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ActionDurations } from '@flexaction/shared/metrics'
import { EndedByOthers, type IsolatedProcess, type Isolation } from '../isolating/isolated-process.js'
import type { Limiter, Turn } from '../limiting/limiter.js'
import type { Call } from './call.js'
import type { CallMaker } from './call-maker.js'
import { Rotation } from './rotation.js'
import type { RunnableAction } from './runnable-action.js'
import type { RunningBatch } from './running-batch.js'

export interface SlotsOptions {
  limiter: Limiter
  isolation: Isolation | undefined
  calls: CallMaker
  durations: ActionDurations
  /** All batches in hand. */
  batches(): Iterable<RunningBatch>
  /** A slot may have become free. */
  onFreed(): void
  /** Takes the batch of a run of which nobody has anything in hand, if one waits. */
  takeFirst(): Promise<void>
  /** Whether the batches certainly belong to this worker: else no call is begun. */
  certain(): boolean
  onError(error: unknown): void
}

/** Batches are taken when the calls in hand last less than this: by the time they are used up, the next ones are here. */
const TAKE_AHEAD_MS = 25
/** Most calls that are held in reserve for it. */
const MOST_RESERVE = 1_000
/** How fast the measured length of a call follows: the newest call weighs 1/20. */
const SMOOTHING = 0.05
/** While all slots are in use, the queue is looked at this often for runs of which nothing is in hand. */
const LOOK_EVERY_MS = 50
/** … but not while calls that last longer than this wait in hand. */
const MOST_IN_HAND_MS = 2_000
/** After a timeout or an abort the handler has this long to end by itself; then its slot is freed. */
const GRACE_MS = 1_000
/**
 * Handlers that return at once are called for so long in one go: then the event loop gets its turn, so that outcomes are
 * recorded, leases renewed and commands heard meanwhile.
 */
const IN_ONE_GO_MS = 10
/** While more batches than this wait for the process of isolated calls, none is taken. */
const MOST_ALONE = 2
/** How soon it is looked again whether this worker certainly owns its batches. */
const UNCERTAIN_PAUSE_MS = 100

/** The handler calls of one action in this process: so many at a time, taken from the runs in turn. */
export class Slots {
  readonly #rotation = new Rotation()
  /** Batches whose calls are made in a process of their own, one batch after the other. */
  readonly #alone: RunningBatch[] = []
  #isolating = false
  #busy = 0
  /** Slots that wait for their turn, each for a call that waits. */
  #entering = 0
  /** Of the newest batch. */
  #callsPerBatch = 1
  #callMs: number | undefined
  #sweeping: NodeJS.Timeout | undefined
  /** By the monotonic clock, in ms. */
  #inOneGoUntil = 0
  #nextLook = 0
  #stopped = false

  constructor(
    private readonly action: RunnableAction,
    private readonly options: SlotsOptions,
  ) {}

  start(): void {
    this.#sweeping = setInterval(() => this.#sweep(), Math.min(1_000, Math.max(20, this.action.timeoutMs / 20)))
  }

  stop(): void {
    this.#stopped = true
    clearInterval(this.#sweeping)
  }

  /** Handler calls that are going on. */
  get busy(): number {
    return this.#busy
  }

  /** Measured length of a call, in ms; `undefined` before the first one has ended. */
  get callMs(): number | undefined {
    return this.#callMs
  }

  /** How many more batches could be begun at once, or within {@link TAKE_AHEAD_MS}, besides those that are `starting`. */
  capacity(starting: number): number {
    // They are run one after the other: more of them would wait here while another worker is free.
    if (this.#alone.length > MOST_ALONE) return 0
    const waiting = this.#rotation.waiting - this.#entering + this.#alone.length
    const mostBusy = Math.min(this.action.slots, this.#busy - this.#entering + this.options.limiter.mostWaiting)
    const onTheWay = starting * this.#callsPerBatch
    const free = mostBusy - this.#busy - waiting - onTheWay
    const perMs = this.#callMs === undefined ? 0 : this.action.slots / Math.max(0.001, this.#callMs)
    const reserve = Math.min(MOST_RESERVE, perMs * TAKE_AHEAD_MS) - waiting - onTheWay
    const calls = Math.max(free, mostBusy < this.action.slots ? 0 : Math.floor(reserve))
    return calls > 0 ? Math.max(1, Math.floor(calls / this.#callsPerBatch)) : 0
  }

  /** A batch is in hand. `alone`: its calls are made in a process of their own. */
  add(batch: RunningBatch, alone: boolean): void {
    if (batch.callsLeft === 0) return
    if (alone) {
      this.#alone.push(batch)
      this.#fillAlone()
      return
    }
    this.#callsPerBatch = batch.callsLeft
    this.#rotation.add(batch)
    this.#fill()
  }

  /** That many calls of a batch, all that were waiting, will not be made. */
  drop(batch: RunningBatch, calls: number): void {
    this.#rotation.drop(batch, calls)
  }

  #fillAlone(): void {
    if (this.#alone.length > 0 && !this.#isolating && this.#busy < this.action.slots) void this.#runAlone()
  }

  #fill(): void {
    while (this.#busy < this.action.slots && this.#rotation.waiting > this.#entering) void this.#slot()
  }

  /** One slot: a call after the other, until none is waiting. Never rejects: what a handler throws is settled. */
  async #slot(): Promise<void> {
    this.#busy++
    while (this.#rotation.waiting > this.#entering && !this.#stopped) {
      if (!this.options.certain()) {
        await this.#pauseUncertain()
        continue
      }
      const entering = this.options.limiter.enter()
      const asked = entering instanceof Promise ? performance.now() : 0
      const turn = entering instanceof Promise ? await this.#entered(entering) : entering
      const call = turn && this.#rotation.next()
      if (call && asked > 0) call.limitMs = performance.now() - asked
      const making = call && this.#makeOne(call, turn)
      if (making) await making
      turn?.leave()
      if (!call) break
      const looking = this.#lookForOtherRuns()
      if (looking) await looking
    }
    this.#busy--
    this.#fillAlone()
    this.options.onFreed()
  }

  /** A promise if that takes longer than this very moment: most calls that do nothing never need one. */
  #makeOne(call: Call, turn: Turn): Promise<void> | undefined {
    if (call.batch.mustAskToBegin) return this.#makeIfItMayBegin(call, turn)
    turn.begin()
    const making = this.options.calls.make(call)
    if (making) return making.then(() => this.#measure(call))
    this.#measure(call)
    return performance.now() >= this.#inOneGoUntil ? this.#letOthersGoOn() : undefined
  }

  async #makeIfItMayBegin(call: Call, turn: Turn): Promise<void> {
    if (!(await this.#mayBegin(call.batch))) return call.batch.putBack(call)
    turn.begin()
    await this.options.calls.make(call)
    this.#measure(call)
  }

  async #letOthersGoOn(): Promise<void> {
    await nextTurn()
    this.#inOneGoUntil = performance.now() + IN_ONE_GO_MS
  }

  async #mayBegin(batch: RunningBatch): Promise<boolean> {
    try {
      return await batch.mayBegin()
    } catch (error) {
      this.options.onError(error)
      return false
    }
  }

  async #entered(entering: Promise<Turn | undefined>): Promise<Turn | undefined> {
    this.#entering++
    const turn = await entering
    this.#entering--
    return turn
  }

  async #pauseUncertain(): Promise<void> {
    await new Promise((resolve) => {
      setTimeout(resolve, UNCERTAIN_PAUSE_MS)
    })
  }

  #lookForOtherRuns(): Promise<void> | undefined {
    const { waiting } = this.#rotation
    if (waiting <= this.#entering) return undefined
    const now = performance.now()
    if (now < this.#nextLook || (waiting * (this.#callMs ?? 0)) / this.action.slots > MOST_IN_HAND_MS) return undefined
    this.#nextLook = now + LOOK_EVERY_MS
    return this.options.takeFirst().catch(this.options.onError)
  }

  #measure(call: Call): void {
    const took = performance.now() - call.startedAt
    this.options.durations.observe(took)
    this.#callMs = this.#callMs === undefined ? took : this.#callMs + SMOOTHING * (took - this.#callMs)
  }

  /** Batches that may hold an item which ends its process: call by call, in a process that may die. It takes a slot. */
  async #runAlone(): Promise<void> {
    const { isolation, limiter, calls, durations, certain } = this.options
    if (!isolation) return
    this.#isolating = true
    this.#busy++
    let process: IsolatedProcess | undefined
    const fresh = async (): Promise<IsolatedProcess> => {
      process?.kill()
      process = isolation.spawn(this.action.published.identity)
      // What it takes to load the actions does not count as the call's time.
      await process.ready
      return process
    }
    for (let batch = this.#alone[0]; batch; batch = this.#alone[0]) {
      if (!certain() && !this.#stopped) {
        await this.#pauseUncertain()
        continue
      }
      const chosen = process?.isFree ? process : await fresh()
      const asked = performance.now()
      const turn = batch.callsLeft > 0 && !this.#stopped ? await limiter.enter() : undefined
      const call = turn && batch.takeCall()
      if (call) {
        call.limitMs = performance.now() - asked
        turn.begin()
        await calls.make(call, () => this.#callAlone(call, chosen, fresh))
        durations.observe(performance.now() - call.startedAt)
      }
      turn?.leave()
      if (!call) this.#alone.shift()
    }
    process?.kill()
    this.#isolating = false
    this.#busy--
    this.options.onFreed()
  }

  /** A call during which a used process ended is made again in a fresh one: an earlier call may have ended it. */
  async #callAlone(call: Call, process: IsolatedProcess, fresh: () => Promise<IsolatedProcess>): Promise<unknown> {
    try {
      return await process.call(call)
    } catch (error) {
      if (!(error instanceof EndedByOthers)) throw error
      return await (await fresh()).call(call)
    }
  }

  /** Tells calls that took too long to stop, and frees the slots of those that do not listen. */
  #sweep(): void {
    const now = performance.now()
    const { timeoutMs } = this.action
    for (const batch of this.options.batches()) {
      for (const call of batch.inFlight) {
        // Calls stand in the order in which they began.
        if (now - call.startedAt < timeoutMs && !call.abortReason) break
        call.abort(new Error(`timed out after ${timeoutMs} ms`))
        if (now - call.abortedAt >= GRACE_MS && call.abortReason) call.abandon?.(call.abortReason)
      }
    }
  }
}
