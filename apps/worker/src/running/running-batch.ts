import { ActionError, type FileOptions, type RecordId, type RunInfo, type RunUser } from '@flexaction/shared'
import { isFileResult } from '@flexaction/shared/definitions'
import type { FileStore } from '@flexaction/shared/files'
import type { Logger } from '@flexaction/shared/logging'
import { maskSecrets } from '@flexaction/shared/logging'
import type { BatchEnd, BatchJob } from '@flexaction/shared/queues'
import {
  type AttemptEnd,
  attemptsSinceReopened,
  failureLine,
  foldLog,
  type ItemError,
  type ItemHistory,
  type LiveCall,
  outcomeLine,
  retryLine,
  type StartedBatch,
  unpackIds,
} from '@flexaction/shared/runs'
import { pauseAfter } from './backoff.js'
import { Call, Cancellation, type Interruption } from './call.js'
import { ranges } from './ranges.js'
import { resultJson } from './result-json.js'
import type { RunnableAction } from './runnable-action.js'
import { Settler, type SettlerOptions } from './settler.js'
import { firstOfCall, WaitingCalls } from './waiting-calls.js'

/** How a bulk handler settles one id. */
export type OneEnding =
  { kind: 'succeeded'; result: unknown } | { kind: 'failed'; why: string | Error } | { kind: 'skipped'; why: string }

export interface RunningBatchOptions extends Pick<
  SettlerOptions,
  'store' | 'queues' | 'backlog' | 'history' | 'window'
> {
  action: RunnableAction
  job: BatchJob
  started: StartedBatch
  files: Pick<FileStore, 'store'>
  logger: Logger
  /** Calls that were waiting for their turn will not be made. */
  onDropped(calls: number): void
}

const PROGRESS_EVERY_MS = 1_000
const CANCELLED_TEXT = 'cancelled while it was running'

/** A batch in hand: which items are still to be called, which are being called, and what became of the others. */
export class RunningBatch {
  readonly runId: string
  readonly ids: readonly (RecordId | null)[]
  /** The form's values as the handler gets them; parsed again here, since what Redis holds may be older than this code. */
  readonly params: Record<string, unknown>
  readonly runInfo: RunInfo
  readonly user: RunUser
  /** How the batch's job is to end. */
  readonly finished: Promise<BatchEnd>
  readonly inFlight = new Set<Call>()

  /** By position; empty for a batch of which nothing has happened yet: most are. */
  readonly #histories: readonly ItemHistory[]
  readonly #settler: Settler
  readonly #logger: Logger
  readonly #waiting: WaitingCalls
  /** When the earliest item that waits for its retry is due, in epoch ms. */
  #retryAt = Number.POSITIVE_INFINITY
  #unsettled: number
  #failed = 0
  #interrupted = false
  #ending = false
  #finish!: (end: BatchEnd) => void
  #nextProgress = Date.now() + PROGRESS_EVERY_MS
  #showedProgress = false
  #positions: Map<string, number> | undefined

  constructor(readonly options: RunningBatchOptions) {
    const { action, started, job } = options
    const { run } = started
    this.runId = run.id
    this.ids = unpackIds(started.packedIds)
    this.runInfo = { id: run.id, action: run.action, model: run.model, createdAt: new Date(run.createdAt) }
    this.user = run.user
    this.#logger = options.logger
    this.finished = new Promise((resolve) => {
      this.#finish = resolve
    })
    const untouched = started.log === null && !run.closed
    this.#histories = untouched ? [] : foldLog(started.log, this.ids.length, { closed: run.closed })
    this.#waiting = new WaitingCalls(this.#dueItems(Date.now()), action.itemsPerCall)
    this.#unsettled = this.#waiting.items
    this.#settler = new Settler({
      ...options,
      live: () => this.#liveCalls(),
      onLost: () => this.#loseTouch(),
      onCommand: (command) => this.obey(command),
      onReport: (settled) => this.#reportProgress(settled),
    })
    const form = action.parseForm(started.form)
    this.params = form.ok ? form.values : {}
    if (!form.ok) this.#refuseAll(new ActionError(form.errors))
    job.lost.addEventListener('abort', () => this.#loseTouch())
    this.#endWhenIdle()
  }

  get callsLeft(): number {
    return this.#waiting.left
  }

  takeCall(): Call | undefined {
    const positions = this.#waiting.take()
    if (!positions) return undefined
    const [first, ...others] = positions
    return new Call(this, first, this.#attemptOf(first), others)
  }

  /** A call begins. */
  begin(call: Call): void {
    call.startedAt = Date.now()
    this.inFlight.add(call)
    this.#settler.changed()
  }

  /** The handler returned: what it left open has succeeded. */
  succeed(call: Call, result: unknown): void {
    if (call.openItems === 0) return this.#leave(call)
    let json: string
    try {
      json = resultJson(result)
    } catch (error) {
      return this.fail(call, error)
    }
    const { run } = this.options.started
    const { bulk, itemsPerCall } = this.options.action
    if (json !== '' && run.total <= itemsPerCall) this.#settler.result(json)
    const itemJson = bulk ? '' : json
    const now = Date.now()
    for (const position of call.open) this.#succeedItem(this.#attemptEnd(call, position, now), itemJson)
    this.#close(call)
  }

  /** The handler threw: its open items failed, or wait for their retry. */
  fail(call: Call, error: unknown): void {
    for (const position of call.open) this.#failItem(call, position, error)
    this.#close(call)
  }

  /** A bulk handler settles one of its ids. Ids that are not open in the call are left alone: the first outcome wins. */
  settleOne(call: Call, id: RecordId, ending: OneEnding): void {
    const position = this.#positionOf(id)
    if (position !== undefined && call.isFree(position)) this.#settle(call, position, ending)
    else this.#logger.warn({ run: this.runId, id }, 'the handler settled an id that is not open in this call; ignored')
  }

  #settle(call: Call, position: number, ending: OneEnding): void {
    if (ending.kind === 'succeeded' && isFileResult(ending.result)) {
      // Until it is stored the id stays open: a call that is given up meanwhile decides its outcome.
      call.storing ??= new Map()
      call.storing.set(position, this.#storeFile(call, position, ending.result.options))
      return
    }
    if (!call.decide(position)) return
    this.#unsettled--
    if (ending.kind === 'failed') return this.#failItem(call, position, toError(ending.why))
    const end = this.#attemptEnd(call, position)
    if (ending.kind === 'skipped') return this.#settler.ended('skipped', outcomeLine(end, 'skipped', '', ending.why))
    let json: string
    try {
      json = resultJson(ending.result)
    } catch (error) {
      return this.#failItem(call, position, error)
    }
    this.#succeedItem(end, json)
  }

  async #storeFile(call: Call, position: number, file: FileOptions): Promise<void> {
    try {
      this.#settle(call, position, { kind: 'succeeded', result: await this.options.files.store(file) })
    } catch (error) {
      const why = error instanceof Error ? error : new Error(String(error))
      this.#settle(call, position, { kind: 'failed', why })
    }
  }

  /** Begins no more calls and tells those in flight to stop. When they have ended, the open items are given back. */
  interrupt(reason: Interruption): void {
    this.#letGo()
    for (const call of this.inFlight) call.abort(reason)
    this.#endWhenIdle()
  }

  /** What the run wants: `hold` lets calls in flight end in peace, `cancel` tells them to stop. Nothing more is begun. */
  obey(command: 'hold' | 'cancel'): void {
    this.#letGo()
    if (command === 'cancel') for (const call of this.inFlight) call.abort(new Cancellation('the run was cancelled'))
    this.#endWhenIdle()
  }

  /** A call of a run that was given up has ended without a result. */
  cancel(call: Call): void {
    for (const position of call.open) {
      const line = outcomeLine(this.#attemptEnd(call, position), 'cancelled', '', CANCELLED_TEXT)
      this.#settler.ended('cancelled', line)
    }
    this.#close(call)
  }

  /** An interrupted handler has ended without a result: its items stay open, and have not spent an attempt. */
  leaveOpen(call: Call): void {
    call.close()
    this.#leave(call)
  }

  /** Waits no longer for the calls in flight: what they still bring is discarded. */
  abandon(): void {
    for (const call of this.inFlight) call.close()
    this.inFlight.clear()
    this.#endWhenIdle()
  }

  idempotencyKey(call: Call): string {
    const { started, action } = this.options
    return `${this.runId}-${started.batch * started.run.batchSize + firstOfCall(call.first, action.itemsPerCall)}`
  }

  loggerFor(call: Call): Logger {
    return this.#logger.child({ run: this.runId, id: this.ids[call.first] ?? undefined, attempt: call.attempt })
  }

  log(line: string): void {
    this.options.job.log(line)
  }

  progress(call: Call, percent: number): void {
    if (!Number.isFinite(percent)) return
    call.done = Math.min(100, Math.max(0, percent))
    if (call.openItems > 0) this.#settler.changed()
  }

  #positionOf(id: RecordId): number | undefined {
    this.#positions ??= new Map(this.ids.map((known, position) => [String(known), position]))
    return this.#positions.get(String(id))
  }

  #dueItems(now: number): number[] {
    const due: number[] = []
    for (let position = 0; position < this.ids.length; position++) {
      const { state = 'waiting', retryAt = 0 } = this.#histories[position] ?? {}
      if (state !== 'waiting') continue
      if (retryAt <= now) due.push(position)
      else this.#retryAt = Math.min(this.#retryAt, retryAt)
    }
    return due
  }

  #succeedItem(end: AttemptEnd, json: string): void {
    if (json === '') this.#settler.succeeded(end)
    else this.#settler.ended('succeeded', outcomeLine(end, 'succeeded', json))
  }

  #failItem(call: Call, position: number, error: unknown): void {
    const refused = ActionError.is(error)
    const message = maskSecrets(messageOf(error))
    const end = this.#attemptEnd(call, position)
    const wait = refused ? undefined : pauseAfter(this.#attemptsCounted(position), this.options.action.retry)
    if (!refused)
      this.#logger.warn(
        { err: error, run: this.runId, id: this.ids[position] ?? undefined, attempt: call.attempt },
        'the handler failed',
      )
    if (wait !== undefined) {
      const retryAt = Date.now() + wait
      this.#retryAt = Math.min(this.#retryAt, retryAt)
      this.#settler.willRetry(retryLine(end, message, retryAt))
      return
    }
    this.#failed++
    const id = this.ids[position]
    const known: ItemError = {
      ...(id !== null && id !== undefined && { id }),
      message,
      kind: refused ? 'refused' : 'unexpected',
      ...(refused && error.fields && { fields: error.fields }),
    }
    this.#settler.ended('failed', failureLine(end, message, !refused), JSON.stringify(known))
  }

  #refuseAll(error: ActionError): void {
    for (let call = this.takeCall(); call; call = this.takeCall()) {
      call.startedAt = Date.now()
      this.fail(call, error)
    }
  }

  #attemptEnd(call: Call, position: number, now = Date.now()): AttemptEnd {
    const started = call.startedAt - this.options.started.run.createdAt
    return { position, attempt: this.#attemptOf(position), started, took: now - call.startedAt }
  }

  /** This call's number for an item: 1, 2, … */
  #attemptOf(position: number): number {
    return (this.#histories[position]?.attempts ?? 0) + 1
  }

  /** The same, as the retry policy counts it: a retry of the run starts anew. */
  #attemptsCounted(position: number): number {
    const history = this.#histories[position]
    return history ? attemptsSinceReopened(history) + 1 : 1
  }

  #letGo(): void {
    this.#interrupted = true
    this.#dropCalls()
  }

  #close(call: Call): void {
    this.#unsettled -= call.openItems
    call.close()
    this.#leave(call)
  }

  #leave(call: Call): void {
    if (this.inFlight.delete(call)) this.#endWhenIdle()
  }

  #dropCalls(): void {
    const calls = this.#waiting.drop()
    if (calls > 0) this.options.onDropped(calls)
  }

  #endWhenIdle(): void {
    if (this.#ending || this.inFlight.size > 0 || this.#waiting.left > 0) return
    this.#ending = true
    void this.#end()
  }

  async #end(): Promise<void> {
    // A job that showed progress must not stop short of its end in the dashboard.
    if (this.#showedProgress && !this.#interrupted) this.options.job.progress(100)
    const then = this.#interrupted && this.#unsettled > 0 ? 'release' : Number.isFinite(this.#retryAt) ? 'delay' : 'end'
    const written = await this.#settler.finish(then)
    if (written === 'lost') this.#finish({ kind: 'done', summary: 'another worker has taken this batch over' })
    else if (written === 'parked') this.#finish({ kind: 'done', summary: 'held up: queued again when the run goes on' })
    else if (then === 'release') this.#finish({ kind: 'release' })
    else if (then === 'delay') this.#finish({ kind: 'delay', at: this.#retryAt })
    else if (this.#failed > 0)
      this.#finish({ kind: 'failed', summary: `${this.#failed} of ${counted(this.ids.length)} failed` })
    else this.#finish({ kind: 'done', summary: counted(this.ids.length) })
  }

  /** Another worker has the batch, or may have: nothing more is begun, and what goes on is told to stop. */
  #loseTouch(): void {
    this.#ending = true
    this.#dropCalls()
    for (const call of this.inFlight) {
      call.abort(new Error('this worker lost the batch'))
      call.close()
    }
    this.inFlight.clear()
    this.#finish({ kind: 'done', summary: 'another worker has taken this batch over' })
  }

  #liveCalls(): LiveCall[] {
    const { createdAt } = this.options.started.run
    return [...this.inFlight].flatMap((call) =>
      ranges(call.open).map(([from, to]) => ({
        from,
        to,
        attempt: call.attempt,
        started: call.startedAt - createdAt,
        ...(call.done !== undefined && { progress: call.done }),
      })),
    )
  }

  #reportProgress(settled: number): void {
    const now = Date.now()
    if (now < this.#nextProgress) return
    this.#nextProgress = now + PROGRESS_EVERY_MS
    this.#showedProgress = true
    const begun = [...this.inFlight].reduce((sum, call) => sum + (call.done ?? 0) / 100, 0)
    const before = this.ids.length - this.#waiting.items
    const percent = Math.floor((100 * (before + settled + begun)) / this.ids.length)
    if (percent > 0) this.options.job.progress(percent)
  }
}

function counted(items: number): string {
  return items === 1 ? '1 item' : `${items} items`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** A text is a refusal: final. An Error is treated as if the handler had thrown it for this item. */
function toError(why: string | Error): Error {
  return typeof why === 'string' ? new ActionError(why) : why
}
