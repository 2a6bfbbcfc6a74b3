import type { RecordId, RunInfo, RunUser } from '@flexaction/shared'
import { type Logger, maskedLogger } from '@flexaction/shared/logging'
import {
  type AttemptEnd,
  failureLine,
  type ItemError,
  type LiveCall,
  outcomeLine,
  retryLine,
} from '@flexaction/shared/runs'
import { type Failure, readThrown, type ReadResult } from '../values/index.js'
import { BatchItems } from './batch-items.js'
import type { BatchEnd, RunningBatchOptions } from './batch-options.js'
import { BatchTimes } from './batch-times.js'
import { pauseAfter } from './backoff.js'
import { Call, Cancellation, type Interruption } from './call.js'
import type { OneEnding } from './context.js'
import { HandlerLog } from './handler-log.js'
import { JobProgress } from './job-progress.js'
import { maskFailure } from './mask-values.js'
import { readRunForm, type RunForm } from './run-form.js'
import { Settler } from './settler.js'
import { settledUnknown } from './unknown-ids.js'
import { firstOfCall, neighbours, WaitingCalls } from './waiting-calls.js'

const MOST_UNKNOWN_IDS = 100
const CANCELLED_TEXT = 'cancelled while it was running'
const LOST_TEXT = 'another worker has taken this batch over'

/**
 * What the batch does. `calling`: its waiting calls are made. `letting go`: none is begun any more, those in flight end.
 * `ending`: the last outcomes are being recorded. `over`: it is nothing to this worker any more.
 */
type State = 'calling' | 'letting go' | 'ending' | 'over'

/** A batch in hand: which items are still to be called, which are being called, and what became of the others. */
export class RunningBatch {
  readonly runId: string
  readonly form: RunForm
  readonly runInfo: RunInfo
  readonly user: RunUser
  /** How the batch's job is to end. */
  readonly finished: Promise<BatchEnd>
  readonly inFlight = new Set<Call>()

  readonly #items: BatchItems
  readonly #perCall: number
  readonly #settler: Settler
  readonly #logger: Logger
  readonly #waiting: WaitingCalls
  readonly #log: HandlerLog
  #state: State = 'calling'
  /** When the earliest item that waits for its retry is due, in Redis's time. */
  #retryAt: number
  #unsettled: number
  #failed = 0
  /** Its calls were told to stop, or were not to be begun. */
  #interrupted = false
  readonly #times: BatchTimes
  #finish!: (end: BatchEnd) => void
  readonly #progress: JobProgress

  constructor(readonly options: RunningBatchOptions) {
    const { action, started } = options
    const { run } = started
    this.runId = run.id
    this.#items = new BatchItems(started)
    this.#log = new HandlerLog(options.log)
    this.#progress = new JobProgress(options.progress)
    this.runInfo = { id: run.id, action: run.action, model: run.model, createdAt: new Date(run.createdAt) }
    this.user = run.user
    this.form = readRunForm(action, started, options)
    const { mask, refusal } = this.form
    this.#logger = mask ? maskedLogger(options.logger, (line) => mask.value(line)) : options.logger
    this.finished = new Promise((resolve) => {
      this.#finish = resolve
    })
    this.#perCall = options.alone ? 1 : Math.min(action.itemsPerCall, run.batchSize)
    const { positions, nextAt, dueAt } = this.#items.due(options.clock.now())
    this.#times = new BatchTimes({ ...options, readyAt: Math.max(options.queuedAt, dueAt) }, this.#items)
    this.#retryAt = nextAt
    this.#waiting = new WaitingCalls(positions, this.#perCall)
    this.#unsettled = this.#waiting.items
    this.#settler = new Settler({
      ...options,
      live: () => this.#liveCalls(),
      began: () => this.#times.began,
      takeSpent: () => this.#times.takeSpent(),
      onLost: () => this.lose(),
      onCommand: (command) => this.apply(command),
      onReport: (settled) => this.#reportProgress(settled),
    })
    if (refusal) this.#refuseAll(refusal)
    this.#endWhenIdle()
  }

  get ids(): readonly (RecordId | null)[] {
    return this.#items.ids
  }

  get callsLeft(): number {
    return this.#waiting.left
  }

  /** Whether Redis must say that its run may begin, before its first call. */
  get mustAskToBegin(): boolean {
    const { run } = this.options.started
    return run.expiresAt !== undefined && run.startedAt === undefined && this.#times.began === 0
  }

  /** Asks for it. `false`: no call is to be begun. */
  async mayBegin(): Promise<boolean> {
    const reply = await this.options.store.begin(this.runId)
    if (reply === 'begin') {
      this.#times.begin()
      return true
    }
    this.apply(reply === 'hold' ? 'hold' : 'cancel')
    return false
  }

  takeCall(): Call | undefined {
    const positions = this.#waiting.take()
    if (!positions) return undefined
    const [first, ...others] = positions
    return new Call(this, first, this.#items.attemptOf(first), others)
  }

  /** A call that was taken is not made after all. */
  putBack(call: Call): void {
    this.#interrupted = true
    call.close()
    this.#dropCalls()
    this.#endWhenIdle()
  }

  /** A call begins. */
  begin(call: Call): void {
    this.#times.callBegins(call)
    this.inFlight.add(call)
    this.#settler.changed()
  }

  /** The handler returned: what it left open has succeeded. */
  succeed(call: Call, result: ReadResult): void {
    if (call.openItems === 0) return this.#leave(call)
    if (call.unknownIds) return this.fail(call, settledUnknown(call.unknownIds))
    if (result.kind === 'failed') return this.fail(call, result.failure)
    const json = result.kind === 'json' ? result.json : ''
    const { run } = this.options.started
    if (json !== '' && run.total <= this.#perCall) this.#settler.result(json)
    const itemJson = this.options.action.bulk ? '' : json
    const now = performance.now()
    for (const position of call.open) this.#succeedItem(this.#times.attemptEnd(call.startedAt, position, now), itemJson)
    this.#close(call, now)
  }

  /** The handler threw: its open items failed, or wait for their retry. */
  fail(call: Call, failure: Failure): void {
    for (const position of call.open) this.#failItem(call, position, failure)
    this.#close(call)
  }

  /** A bulk handler settles one of its ids. An id that was settled before is left alone: the first outcome wins. */
  settleOne(call: Call, id: RecordId, ending: OneEnding): void {
    const position = this.#items.positionOf(id)
    if (position !== undefined && call.isFree(position)) return this.#settle(call, position, ending)
    // Said once for each call: a handler may do so without end.
    const text = 'the handler settled an id that is not open in this call; ignored, as are others of this call'
    if (!call.warned) this.#logger.warn({ run: this.runId, id }, text)
    call.warned = true
    // Which record was meant is not known: none that is open may count as done.
    if (position !== undefined && call.has(position)) return
    call.unknownIds ??= []
    if (call.unknownIds.length < MOST_UNKNOWN_IDS) call.unknownIds.push(String(id))
  }

  #settle(call: Call, position: number, ending: OneEnding): void {
    if (ending.kind === 'succeeded' && ending.result.kind === 'file') {
      // Until it is stored the id stays open: a call that is given up meanwhile decides its outcome.
      call.storing ??= new Map()
      call.storing.set(position, this.#storeFile(call, position, ending.result))
      return
    }
    if (!call.decide(position)) return
    this.#unsettled--
    if (ending.kind === 'failed') return this.#failItem(call, position, ending.failure)
    const end = this.#times.attemptEnd(call.startedAt, position)
    if (ending.kind === 'skipped')
      return this.#settler.ended('skipped', end, outcomeLine(end, 'skipped', '', ending.message))
    if (ending.result.kind === 'failed') return this.#failItem(call, position, ending.result.failure)
    this.#succeedItem(end, ending.result.kind === 'json' ? ending.result.json : '')
  }

  async #storeFile(call: Call, position: number, { options }: ReadResult & { kind: 'file' }): Promise<void> {
    try {
      const json = JSON.stringify(await this.options.files.store(options))
      this.#settle(call, position, { kind: 'succeeded', result: { kind: 'json', json } })
    } catch (error) {
      this.#settle(call, position, { kind: 'failed', failure: maskFailure(readThrown(error), this.form.mask) })
    }
  }

  /** Begins no more calls and tells those in flight to stop. When they have ended, the open items are given back. */
  interrupt(reason: Interruption): void {
    this.#letGo()
    for (const call of this.inFlight) call.abort(reason)
    this.#endWhenIdle()
  }

  /** What the run wants: `hold` lets calls in flight end in peace, `cancel` tells them to stop. Nothing more is begun. */
  apply(command: 'hold' | 'cancel'): void {
    this.#letGo()
    if (command === 'cancel') for (const call of this.inFlight) call.abort(new Cancellation('the run was cancelled'))
    this.#endWhenIdle()
  }

  /** A call of a run that was given up has ended without a result. */
  cancel(call: Call): void {
    for (const position of call.open) {
      const end = this.#times.attemptEnd(call.startedAt, position)
      this.#settler.ended('cancelled', end, outcomeLine(end, 'cancelled', '', CANCELLED_TEXT))
    }
    this.#close(call)
  }

  /** An interrupted handler has ended without a result: its items stay open, and have not spent an attempt. */
  leaveOpen(call: Call): void {
    call.close()
    this.#leave(call)
  }

  /** Waits no longer for the calls in flight. */
  abandon(): void {
    this.#forgetCalls()
    this.#endWhenIdle()
  }

  /** Another worker has the batch, or may have: nothing more is begun or recorded, and what goes on is told to stop. */
  lose(): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    this.#dropCalls()
    for (const call of this.inFlight) call.abort(new Error(LOST_TEXT))
    this.#forgetCalls()
    this.options.onLost()
    this.#finish({ kind: 'done', summary: LOST_TEXT, failed: false })
  }

  idempotencyKey(call: Call): string {
    const { started, action, alone } = this.options
    const base = started.batch * started.run.batchSize
    // A part of a bulk call is not that call.
    if (alone && action.bulk) return `${this.runId}-${base + call.first}-alone`
    return `${this.runId}-${base + firstOfCall(call.first, this.#perCall)}`
  }

  loggerFor(call: Call): Logger {
    return this.#logger.child({ run: this.runId, id: this.ids[call.first] ?? undefined, attempt: call.attempt })
  }

  log(call: Call, line: string): void {
    this.#log.add(call, line)
  }

  progress(call: Call, percent: number): void {
    call.done = percent
    if (call.openItems > 0) this.#settler.changed()
  }

  #succeedItem(end: AttemptEnd, json: string): void {
    if (json === '') this.#settler.succeeded(end)
    else this.#settler.ended('succeeded', end, outcomeLine(end, 'succeeded', json))
  }

  #failItem(call: Call, position: number, failure: Failure): void {
    const { kind, message, fields } = failure
    const refused = kind === 'refused'
    const end = this.#times.attemptEnd(call.startedAt, position)
    const wait = refused ? undefined : pauseAfter(this.#items.attemptsCounted(position), this.options.action.retry)
    if (!refused)
      this.#logger.warn(
        { err: failure, run: this.runId, id: this.ids[position] ?? undefined, attempt: call.attempt },
        'the handler failed',
      )
    if (wait !== undefined) {
      const retryAt = this.options.clock.now() + wait
      this.#times.retries(wait, 1 / call.items)
      this.#retryAt = Math.min(this.#retryAt, retryAt)
      this.#settler.willRetry(end, retryLine(end, message, retryAt))
      return
    }
    this.#failed++
    const id = this.ids[position]
    const known: ItemError = {
      ...(id !== null && id !== undefined && { id }),
      message,
      kind,
      ...(fields && { fields }),
    }
    this.#settler.failed(end, failureLine(end, message, !refused), known)
  }

  #refuseAll(failure: Failure): void {
    for (let call = this.takeCall(); call; call = this.takeCall()) {
      call.startedAt = performance.now()
      this.fail(call, failure)
    }
  }

  #letGo(): void {
    this.#interrupted = true
    if (this.#state === 'calling') this.#state = 'letting go'
    this.#dropCalls()
  }

  #close(call: Call, now?: number): void {
    this.#unsettled -= call.openItems
    call.close()
    this.#leave(call, now)
  }

  #leave(call: Call, now = performance.now()): void {
    if (!this.inFlight.delete(call)) return
    this.#times.callEnds(call, now)
    this.#endWhenIdle()
  }

  /** What calls in flight may bring later is discarded; their slots are free. */
  #forgetCalls(): void {
    for (const call of this.inFlight) {
      call.close()
      call.abandon?.(new Error(LOST_TEXT))
    }
    this.inFlight.clear()
  }

  #dropCalls(): void {
    const calls = this.#waiting.drop()
    if (calls > 0) this.options.onDropped(calls)
  }

  #endWhenIdle(): void {
    if (this.#state === 'ending' || this.#state === 'over') return
    if (this.inFlight.size > 0 || this.#waiting.left > 0) return
    this.#state = 'ending'
    void this.#end()
  }

  async #end(): Promise<void> {
    if (!this.#interrupted) this.#progress.end()
    await this.#log.flushed()
    const next = this.#interrupted && this.#unsettled > 0 ? 'release' : Number.isFinite(this.#retryAt) ? 'delay' : 'end'
    const written = await this.#settler.finish(next)
    if (this.#isOver()) return
    this.#state = 'over'
    const done = (summary: string, failed = false): void => this.#finish({ kind: 'done', summary, failed })
    if (written === 'lost') done(LOST_TEXT)
    else if (written === 'parked') done('held up: queued again when the run goes on')
    else if (next === 'release') this.#finish({ kind: 'release' })
    else if (next === 'delay') this.#finish({ kind: 'delay', at: this.#retryAt })
    else if (this.#failed > 0) done(`${this.#failed} of ${counted(this.ids.length)} failed`, true)
    else done(counted(this.ids.length))
  }

  /** The state may have changed while something was waited for. */
  #isOver(): boolean {
    return this.#state === 'over'
  }

  #liveCalls(): LiveCall[] {
    return [...this.inFlight].flatMap((call) =>
      neighbours(call.open).map(([from, to]) => ({
        from,
        to,
        attempt: call.attempt,
        started: Math.max(0, this.#times.sinceCreation(call.startedAt)),
        ...(call.done !== undefined && { progress: call.done }),
      })),
    )
  }

  #reportProgress(settled: number): void {
    const begun = [...this.inFlight].reduce((sum, call) => sum + (call.done ?? 0) / 100, 0)
    this.#progress.report(this.ids.length - this.#waiting.items + settled + begun, this.ids.length)
  }
}

function counted(items: number): string {
  return items === 1 ? '1 item' : `${items} items`
}
