import { setImmediate } from 'node:timers/promises'
import type { RecordId } from '../definitions/context.js'
import type { RedisClient } from '../redis/connect.js'
import { type DirectOffer, MOST_DIRECT_FORM, offerArguments } from './direct-runs.js'
import type { LiveCall } from './item-log.js'
import { NO_ID, packIds } from './packed-ids.js'
import { type NewRun, parseRun, parseRunReply, type Run, runFields } from './run.js'
import { RunIndex } from './run-index.js'
import { RunScript, type RunScriptContext } from './run-scripts.js'

const acceptRun = new RunScript('accept-run')
const stageRun = new RunScript('stage-run')
const startBatch = new RunScript('start-batch')
const settleItems = new RunScript('settle-items')

/** How long ids that were staged for a run outlive a gateway that died before accepting it. */
const STAGED_FOR_SECONDS = 120
/** Batches that are packed, and sent, in one go: bounds how long the event loop is held. */
const BATCHES_PER_SLICE = 32
/** Excluded ids that are sent in one go. */
const EXCLUDED_PER_SLICE = 2_000
const MAX_ERROR_LINES = 10

/** Which records a run is for: these, all of the collection except these, or none (collection and common actions). */
export type RunSelection = { only: readonly RecordId[] } | { allExcept: readonly RecordId[] } | { none: true }

export interface AcceptRequest {
  run: NewRun
  /** The form as it was sent: both sides of Redis parse it. */
  form: Readonly<Record<string, unknown>>
  selection: RunSelection
  /** Batches to mark as queued; the caller queues them. */
  queueNow: number
  /** Whom to hand the run to, if it has one batch and that worker listens; then nothing is to be queued. */
  offer: DirectOffer | undefined
}

/** `exists`: the run was accepted before, and was left as it is. */
export type Acceptance = 'queue' | 'handed over' | 'exists'

/** A batch in the hands of the worker that started it. */
export interface StartedBatch {
  run: Run
  batch: number
  token: string
  /** Earlier starts that were never given back: their worker died or lost touch. */
  interruptions: number
  packedIds: string
  log: string | null
  form: Record<string, unknown>
}

export interface Settlement {
  run: Run
  batch: number
  token: string
  /** 1, 2, … per token: a settlement that is sent twice is recorded once. */
  sequence: number
  lines: string
  counts: { succeeded: number; failed: number; skipped: number; cancelled: number }
  /** Items whose handler is being called now. */
  active: number
  live: readonly LiveCall[]
  /** `end`: every item of the batch has its outcome. `delay`: the rest waits for a retry. `release`: the rest is given back. */
  then: '' | 'end' | 'delay' | 'release'
  /** Most batches of the run to stand in the queue. */
  window: number
  /** The run's result as JSON, '' for none. */
  resultJson: string
  /** JSON of ItemError, for the first failures. */
  errorLines: readonly string[]
}

/** Batches of a run that are to get a job, of this generation. */
export interface ToQueue {
  batches: number[]
  generation: number
}

/**
 * What became of a settlement. `recorded`: done; `queue` names the batches to queue next; `hold` and `cancel` say that the
 * run was paused or halted, or given up, so that nothing more of it is to be begun; `parked`: so is the released batch, which
 * has no job until the run goes on. `ended`: the run has ended with it. `lost`: another worker holds the batch by now,
 * nothing was recorded.
 */
export type SettleReply =
  | { status: 'recorded'; queue: ToQueue; then: 'go-on' | 'hold' | 'cancel' | 'parked' }
  | { status: 'ended' }
  | { status: 'lost' }

/** Writes runs as they are accepted and worked off: one script per change of state. {@link RunReader} reads them. */
export class RunStore {
  readonly index: RunIndex
  readonly #redis: RedisClient

  constructor(private readonly context: RunScriptContext) {
    this.index = new RunIndex(context)
    this.#redis = context.redis
  }

  /**
   * Stores a run with all its items, in one atomic write. Ids of large runs are staged first, under an expiry that the
   * write lifts: a crash in between leaves nothing behind. The run is entered into the lists before it exists, so that
   * no stored run can be missing there; readers pass over entries without a run. Accepting a run twice is harmless.
   */
  async accept({ run, form, selection, queueNow, offer }: AcceptRequest): Promise<Acceptance> {
    const ids = 'only' in selection ? selection.only : undefined
    const batches = run.listing ? 0 : Math.ceil(run.total / run.batchSize)
    const staged = ids && isStaged(run) ? await this.#stage(run, ids, batches) : 0
    if ('allExcept' in selection) await this.#stageExcluded(run.id, selection.allExcept)
    const rest = ids ? packSlice(ids, run.batchSize, staged, batches) : run.listing ? [] : [NO_ID]
    const fields = runFields(run)
    const formJson = JSON.stringify(form)
    const direct = batches === 1 && formJson.length <= MOST_DIRECT_FORM ? offer : undefined
    const stored = acceptRun.run(
      this.context,
      run.id,
      batches,
      Math.min(queueNow, batches),
      staged,
      formJson,
      ...offerArguments(this.context.keys, direct),
      fields.length / 2,
      ...fields,
      ...rest,
    )
    const [reply] = await Promise.all([stored, this.index.enter(run)])
    return reply === 2 ? 'handed over' : reply === 1 ? 'queue' : 'exists'
  }

  async #stage(run: NewRun, ids: readonly RecordId[], batches: number): Promise<number> {
    const last = batches - BATCHES_PER_SLICE
    let sent: Promise<unknown> = Promise.resolve()
    for (let first = 0; first < last; first += BATCHES_PER_SLICE) {
      const packed = packSlice(ids, run.batchSize, first, Math.min(first + BATCHES_PER_SLICE, last))
      await sent
      const values = packed.flatMap((one, at) => [String(first + at), one])
      sent = stageRun.run(this.context, run.id, STAGED_FOR_SECONDS, 'ids', ...values)
      await setImmediate()
    }
    await sent
    return last
  }

  async #stageExcluded(id: string, excluded: readonly RecordId[]): Promise<void> {
    for (let from = 0; from < excluded.length; from += EXCLUDED_PER_SLICE) {
      const texts = excluded.slice(from, from + EXCLUDED_PER_SLICE).map(String)
      await stageRun.run(this.context, id, STAGED_FOR_SECONDS, 'except', ...texts)
    }
  }

  /** Takes a batch over. `undefined`: nothing to do, the batch has ended, its run is held up, or gone. */
  async start(runId: string, batch: number, generation: number, token: string): Promise<StartedBatch | undefined> {
    const reply = (await startBatch.run(this.context, runId, batch, generation, token)) as
      [number, string, string | null, string, string[]] | 'ended' | null
    if (reply === 'ended') await this.#hasEnded(runId)
    if (!reply || reply === 'ended') return undefined
    const [interruptions, packedIds, log, form, fields] = reply
    const run = parseRunReply(fields)
    if (!run) return undefined
    return { run, batch, token, interruptions, packedIds, log, form: JSON.parse(form) as Record<string, unknown> }
  }

  async settle(settlement: Settlement): Promise<SettleReply> {
    const { run, counts } = settlement
    const reply = (await settleItems.run(
      this.context,
      run.id,
      settlement.batch,
      settlement.token,
      settlement.sequence,
      settlement.lines,
      counts.succeeded,
      counts.failed,
      counts.skipped,
      counts.cancelled,
      settlement.active,
      settlement.live.length > 0 ? JSON.stringify(settlement.live) : '',
      settlement.then,
      settlement.window,
      settlement.resultJson,
      MAX_ERROR_LINES,
      ...settlement.errorLines,
    )) as ['lost' | 'ended' | 'ok' | 'hold' | 'cancel' | 'parked', string, ...string[]]
    const [status, generation, ...batches] = reply
    if (status === 'lost') return { status }
    if (status === 'ended') {
      // A crash before this leaves an ended run among the open ones: the reconciler puts it right.
      await this.index.ended(run, Date.now())
      return { status }
    }
    const queue = { batches: batches.map(Number), generation: Number(generation) }
    return { status: 'recorded', queue, then: status === 'ok' ? 'go-on' : status }
  }

  async #hasEnded(runId: string): Promise<void> {
    const run = parseRun(await this.#redis.hgetall(this.context.keys.run(runId)))
    if (run) await this.index.ended(run, Date.now())
  }
}

/** Whether the ids of a run are so many that they are written in several steps before it is accepted. */
export function isStaged({ total, batchSize }: Pick<NewRun, 'total' | 'batchSize'>): boolean {
  return Math.ceil(total / batchSize) > BATCHES_PER_SLICE
}

function packSlice(ids: readonly RecordId[], batchSize: number, from: number, to: number): string[] {
  const packed: string[] = []
  for (let batch = from; batch < to; batch++)
    packed.push(packIds(ids.slice(batch * batchSize, (batch + 1) * batchSize)))
  return packed
}
