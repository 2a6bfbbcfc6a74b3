import { setImmediate } from 'node:timers/promises'
import type { RecordId } from '../definitions/context.js'
import { recordKey } from '../definitions/record-id.js'
import { FlexActionError } from '../errors/index.js'
import { longestOf } from './batching.js'
import { type Ended, isEnded, readEndedRun } from './ended-run.js'
import type { LiveCall } from './item-log.js'
import { NO_ID, packIds } from './packed-ids.js'
import { type NewRun, parseRunReply, type Run, runFields } from './run.js'
import type { CountedFailures } from './run-failures.js'
import type { RunIndex } from './run-index.js'
import { uncertainWhetherAccepted } from './uncertain.js'
import { RunScript, type RunScriptContext } from './run-scripts.js'
import { RUN_TIMES, type RunTimes } from './run-times.js'

const acceptRun = new RunScript('accept-run', 'any')
const stageRun = new RunScript('stage-run', 'any')
const startBatch = new RunScript('start-batch')
const beginRun = new RunScript('begin-run')
const settleItems = new RunScript('settle-items')
const takeBack = new RunScript('take-back')

/** How long parts that were staged for a run outlive a gateway that died before accepting it. */
const STAGED_FOR_SECONDS = 120
/** Chunks that are packed, and sent, in one go: bounds how long the event loop is held… */
const CHUNKS_PER_SLICE = 160
/** … and their characters: bounds how long Redis is. */
const CHARACTERS_PER_SLICE = 300_000
/** Excluded ids that are sent in one go. */
const EXCLUDED_PER_SLICE = 2_000
const MAX_ERROR_LINES = 10
const TRY_AGAIN_SECONDS = 1

/** Which records a run is for: these, all of the collection except these, or none (collection and common actions). */
export type RunSelection = { only: readonly RecordId[] } | { allExcept: readonly RecordId[] } | { none: true }

export interface AcceptRequest {
  run: NewRun
  /** The form as it was sent, but for its secret values, as JSON: both sides of Redis parse it. */
  formJson: string
  /** The form's secret values, encrypted. */
  sealed?: string | undefined
  selection: RunSelection
  /** Batches to mark as queued; the caller queues them. */
  queueNow: number
}

/** Names a batch; `generation`: that of its job. */
export interface BatchRef {
  run: string
  batch: number
  generation: number
}

/** A batch in the hands of the worker that started it. */
export interface StartedBatch {
  run: Run
  batch: number
  token: string
  /** Earlier owners that never gave it back: their process died or lost touch. */
  interruptions: number
  /** The chunks that the batch's items are in. `log`: null if nothing has happened to the batch yet. */
  chunks: readonly { packedIds: string; log: string | null }[]
  form: Readonly<Record<string, unknown>>
  /** The form's secret values, encrypted. */
  sealed: string | undefined
}

/** What batches of one run have in common. */
export type KnownRun = Pick<StartedBatch, 'run' | 'form' | 'sealed'>

export interface Settlement {
  run: Run
  batch: number
  token: string
  /** 1, 2, … per token: a settlement that is sent twice is recorded once. */
  sequence: number
  /** Lines of the log, by chunk. */
  lines: ReadonlyMap<number, string>
  counts: { succeeded: number; failed: number; skipped: number; cancelled: number }
  /** Items whose handler is being called now. */
  active: number
  live: readonly LiveCall[]
  /** When the first handler call of the batch began, in Redis's time; 0 if none has. */
  began: number
  /** What calls have spent since the last settlement. */
  spent: RunTimes
  /** `end`: every item of the batch has its outcome. `delay`: the rest waits for a retry. `release`: the rest is given back. */
  next: '' | 'end' | 'delay' | 'release'
  /** Most batches of the run to stand in the queue. */
  window: number
  /** The run's result as JSON, '' for none. */
  resultJson: string
  /** JSON of ItemError, for the first failures. */
  errorLines: readonly string[]
  /** Those among the outcomes, by cause. */
  failures: readonly CountedFailures[]
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
  constructor(
    private readonly context: RunScriptContext,
    readonly index: RunIndex,
  ) {}

  /**
   * Stores a run with all its items, in one atomic write. Parts of large runs are staged first, under an expiry that the
   * write lifts, and the write counts them: a crash in between leaves nothing behind, and a run is stored whole or not at
   * all. The run is entered into the lists before it exists, so that no stored run can be missing there. Accepting a run
   * twice is harmless. Throws `unavailable` when a staged part has expired; then nothing is stored.
   */
  async accept({ run, formJson, sealed = '', selection, queueNow }: AcceptRequest): Promise<void> {
    const ids = 'only' in selection ? selection.only : undefined
    const chunks = ids ? Math.ceil(ids.length / run.chunkSize) : 0
    const staged = ids && isStaged(run, ids) ? await this.#stage(run, ids, chunks) : 0
    const excluded = 'allExcept' in selection ? await this.#stageExcluded(run.id, selection.allExcept) : 0
    const rest = ids ? packSlice(ids, run.chunkSize, staged, chunks) : run.listing ? [] : [NO_ID]
    const fields = runFields(run)
    const entered = this.index.enter(run)
    // Commands of one connection keep their order; those to a cluster's shards do not.
    if (this.context.redis.isCluster) await entered
    const stored = acceptRun.run(
      this.context,
      run.id,
      run.listing ? 0 : Math.ceil(run.total / run.batchSize),
      queueNow,
      formJson,
      sealed,
      staged,
      excluded,
      fields.length / 2,
      ...fields,
      ...rest,
    )
    const [storing, entering] = await Promise.allSettled([stored, entered])
    if (storing.status === 'rejected') throw storing.reason
    // Refused between the two, the run is stored and in no list: it is entered late, or nobody can say what became of it.
    if (entering.status === 'rejected')
      await this.index.enter(run).catch((error: unknown) => {
        throw uncertainWhetherAccepted(error)
      })
    if (storing.value !== -1) return
    const text = 'Accepting the run took too long, and a part of it was lost. Nothing was done; try again'
    throw new FlexActionError('unavailable', text, { retryAfter: TRY_AGAIN_SECONDS })
  }

  /** Returns how many chunks were staged. */
  async #stage(run: NewRun, ids: readonly RecordId[], chunks: number): Promise<number> {
    const { chunkSize: size } = run
    const perSlice = Math.max(1, Math.min(CHUNKS_PER_SLICE, Math.floor(CHARACTERS_PER_SLICE / (size * longestOf(ids)))))
    const last = Math.max(0, chunks - perSlice)
    let sent: Promise<unknown> = Promise.resolve()
    for (let first = 0; first < last; first += perSlice) {
      const packed = packSlice(ids, size, first, Math.min(first + perSlice, last))
      await sent
      const values = packed.flatMap((one, at) => [String(first + at), one])
      sent = stageRun.run(this.context, run.id, STAGED_FOR_SECONDS, 'ids', ...values)
      // It is waited for when the next slice is packed; until then its failure is nobody's.
      sent.catch(() => undefined)
      await setImmediate()
    }
    await sent
    return last
  }

  /** `ids`: each text once. Returns how many records they exclude. */
  async #stageExcluded(id: string, ids: readonly RecordId[]): Promise<number> {
    // Only then may two of them have one key.
    const excluded = ids.some((one) => recordKey(one) !== String(one)) ? [...new Set(ids.map(recordKey))] : ids
    for (let from = 0; from < excluded.length; from += EXCLUDED_PER_SLICE) {
      const texts = excluded.slice(from, from + EXCLUDED_PER_SLICE).map(String)
      await stageRun.run(this.context, id, STAGED_FOR_SECONDS, 'except', ...texts)
    }
    return excluded.length
  }

  /**
   * Takes a queued batch of an action over. `last`: another batch of the run that this process holds, so that fields and form of the run
   * need not be read again; but for those of an earlier generation, which do not say what was given up since.
   * `undefined`: nothing to do, the batch has ended, has an owner, its run is held up, or gone.
   * `foreign`: its run is one of another action.
   */
  async start(
    identity: string,
    { run: runId, batch, generation }: BatchRef,
    token: string,
    last?: KnownRun,
  ): Promise<StartedBatch | 'foreign' | undefined> {
    const known = last?.run.generation === generation ? last : undefined
    const reply = (await startBatch.run(this.context, runId, batch, generation, token, identity, known ? '1' : '')) as
      [number, (string | null)[], string?, string[]?, (string | null)?] | 'foreign' | Ended | null
    if (reply === 'foreign') return reply
    if (isEnded(reply)) this.index.ended(readEndedRun(reply.slice(1)), generation)
    if (!reply || isEnded(reply)) return undefined
    const [interruptions, data, form, fields, sealed] = reply
    const run = known?.run ?? parseRunReply(fields ?? [])
    if (!run || data.length === 0 || data[0] === null) throw new Error(`run ${runId} cannot be read`)
    if (run.damaged !== undefined) throw new Error(`run ${runId} is damaged: ${run.damaged}`)
    const parsed = known?.form ?? (JSON.parse(form ?? '{}') as Record<string, unknown>)
    const chunks = data.flatMap((packedIds, at) =>
      at % 2 === 0 ? [{ packedIds: packedIds ?? ',,', log: data[at + 1] ?? null }] : [],
    )
    return {
      run,
      batch,
      token,
      interruptions,
      chunks,
      form: parsed,
      sealed: known ? known.sealed : (sealed ?? undefined),
    }
  }

  /** The first call of a run that has to start in time is about to begin. Only `begin` lets it. */
  async begin(runId: string): Promise<'begin' | 'expired' | 'hold' | 'cancel'> {
    return (await beginRun.run(this.context, runId)) as 'begin' | 'expired' | 'hold' | 'cancel'
  }

  async settle(settlement: Settlement): Promise<SettleReply> {
    const { run, batch, token, sequence, active, live, began, next, window, counts } = settlement
    const calls = live.length > 0 ? JSON.stringify(live) : ''
    const { lines, spent, resultJson, errorLines, failures } = settlement
    const packed = JSON.stringify({
      ...{
        batch,
        token,
        sequence,
        active,
        live: calls,
        began,
        next,
        window,
        counts,
        spent: spent.calls + spent.handlerMs + spent.retryMs > 0 ? RUN_TIMES.map((name) => spent[name]).join(' ') : '',
        failures,
        lines: errorLines.length,
      },
    })
    const reply = (await settleItems.run(
      this.context,
      run.id,
      packed,
      resultJson,
      MAX_ERROR_LINES,
      ...errorLines,
      ...[...lines].flat(),
    )) as ['lost' | 'ok' | 'hold' | 'cancel' | 'parked', string, ...string[]] | Ended
    if (isEnded(reply)) {
      // A crash before this is written leaves an ended run among the open ones: the reconciler puts it right.
      this.index.ended(readEndedRun(reply.slice(1)), run.generation)
      return { status: 'ended' }
    }
    const [status, generation, ...batches] = reply
    if (status === 'lost') return { status }
    const queue = { batches: batches.map(Number), generation: Number(generation) }
    return { status: 'recorded', queue, then: status === 'ok' ? 'go-on' : status }
  }

  /** Takes a batch back from a lost owner. `queued`: its job is to stand in the queue again; else it needs none. */
  async takeBack(
    { run, batch, generation }: BatchRef,
    token: string,
  ): Promise<'queued' | 'parked' | 'ended' | undefined> {
    const reply = (await takeBack.run(this.context, run, batch, token)) as ['queued' | 'parked'] | Ended | null
    if (isEnded(reply)) this.index.ended(readEndedRun(reply.slice(1)), generation)
    return reply?.[0]
  }
}

/** Whether the ids of a run are so many that they are written in several steps before it is accepted. */
export function isStaged(run: NewRun, ids: readonly RecordId[]): boolean {
  return ids.length > CHUNKS_PER_SLICE * run.chunkSize || ids.length * longestOf(ids) > 2 * CHARACTERS_PER_SLICE
}

function packSlice(ids: readonly RecordId[], size: number, from: number, to: number): string[] {
  const packed: string[] = []
  for (let chunk = from; chunk < to; chunk++) packed.push(packIds(ids.slice(chunk * size, (chunk + 1) * size)))
  return packed
}
