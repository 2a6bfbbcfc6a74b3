import { setImmediate } from 'node:timers/promises'
import type { RecordId } from '../definitions/context.js'
import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import { Script } from '../redis/script.js'
import type { LiveCall } from './item-log.js'
import { NO_ID, packIds } from './packed-ids.js'
import { type NewRun, parseRunReply, type Run, runFields } from './run.js'

const acceptRun = new Script('accept-run', 3)
const startBatch = new Script('start-batch', 4)
const settleItems = new Script('settle-items', 4)

/** How long ids that were staged for a run outlive a gateway that died before accepting it. */
const STAGED_FOR_SECONDS = 120
/** Batches that are packed, and sent, in one go: bounds how long the event loop is held. */
const BATCHES_PER_SLICE = 32
const MAX_ERROR_LINES = 10

export interface AcceptRequest {
  run: NewRun
  /** The form as it was sent: both sides of Redis parse it. */
  form: Readonly<Record<string, unknown>>
  /** The selected ids; `null` for collection and common actions. */
  ids: readonly RecordId[] | null
  /** Batches to mark as queued; the caller queues them. */
  queueNow: number
}

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
  run: string
  batch: number
  token: string
  /** 1, 2, … per token: a settlement that is sent twice is recorded once. */
  sequence: number
  now: number
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

/**
 * `recorded`: done; `queue` names the batches to queue next. `ended`: the run has ended with it.
 * `lost`: another worker holds the batch by now, nothing was recorded.
 */
export type SettleReply = { status: 'recorded'; queue: number[] } | { status: 'ended' } | { status: 'lost' }

/** Writes runs: one script per change of state. Reading them is {@link RunReader}'s part. */
export class RunStore {
  constructor(
    readonly redis: RedisClient,
    readonly keys: Keys,
    /** How long ended runs are kept, in ms. */
    private readonly retentionMs: number,
  ) {}

  /**
   * Stores a run with all its items, in one atomic write. Ids of large runs are staged first, under an expiry that the
   * write lifts: a crash in between leaves nothing behind. The run is entered into the indexes before it exists, so that
   * no stored run can be missing there; readers pass over entries without a run.
   */
  async accept({ run, form, ids, queueNow }: AcceptRequest): Promise<{ created: boolean }> {
    const { keys, redis } = this
    const batches = Math.ceil(run.total / run.batchSize)
    const staged = ids && isStaged(run) ? await this.#stage(run, ids, batches) : 0
    const rest = ids ? packSlice(ids, run.batchSize, staged, batches) : [NO_ID]
    const indexes = [keys.openRuns, keys.runs, keys.runsOfAction(run.action), keys.runsOfUser(run.user.name)]
    const indexed = indexes.map((index) => redis.zadd(index, 0, run.id))
    const fields = runFields(run)
    const stored = acceptRun.run(
      redis,
      keys.run(run.id),
      keys.input(run.id),
      keys.leases(run.id),
      batches,
      Math.min(queueNow, batches),
      staged,
      JSON.stringify(form),
      fields.length / 2,
      ...fields,
      ...rest,
    )
    const [created] = await Promise.all([stored, ...indexed])
    return { created: created === 1 }
  }

  async #stage(run: NewRun, ids: readonly RecordId[], batches: number): Promise<number> {
    const key = this.keys.input(run.id)
    const last = batches - BATCHES_PER_SLICE
    let sent: Promise<unknown> = Promise.resolve()
    for (let first = 0; first < last; first += BATCHES_PER_SLICE) {
      const until = Math.min(first + BATCHES_PER_SLICE, last)
      const slice = packSlice(ids, run.batchSize, first, until)
      await sent
      sent = this.redis.hset(key, ...slice.flatMap((packed, at) => [String(first + at), packed]))
      if (first === 0) sent = Promise.all([sent, this.redis.expire(key, STAGED_FOR_SECONDS)])
      await setImmediate()
    }
    await sent
    return last
  }

  /** Takes a batch over. `undefined`: nothing to do, the batch has ended or its run is gone. */
  async start(runId: string, batch: number, token: string, now: number): Promise<StartedBatch | undefined> {
    const { keys } = this
    const reply = (await startBatch.run(
      this.redis,
      keys.run(runId),
      keys.input(runId),
      keys.leases(runId),
      keys.log(runId),
      batch,
      token,
      now,
    )) as [number, string, string | null, string, string[]] | null
    if (!reply) return undefined
    const [interruptions, packedIds, log, form, fields] = reply
    const run = parseRunReply(fields)
    if (!run) return undefined
    return { run, batch, token, interruptions, packedIds, log, form: JSON.parse(form) as Record<string, unknown> }
  }

  async settle(settlement: Settlement): Promise<SettleReply> {
    const { keys } = this
    const { run, counts } = settlement
    const reply = (await settleItems.run(
      this.redis,
      keys.run(run),
      keys.leases(run),
      keys.log(run),
      keys.input(run),
      settlement.batch,
      settlement.token,
      settlement.sequence,
      settlement.now,
      settlement.lines,
      counts.succeeded,
      counts.failed,
      counts.skipped,
      counts.cancelled,
      settlement.active,
      settlement.live.length > 0 ? JSON.stringify(settlement.live) : '',
      settlement.then,
      settlement.window,
      this.retentionMs,
      settlement.resultJson,
      keys.runEnded,
      run,
      MAX_ERROR_LINES,
      ...settlement.errorLines,
    )) as [status: 'ok' | 'ended' | 'lost', ...queue: string[]]
    const [status, ...queue] = reply
    if (status === 'lost') return { status: 'lost' }
    if (status === 'ok') return { status: 'recorded', queue: queue.map(Number) }
    // A crash before this leaves an ended run in the index of open ones: the reconciler drops it.
    await this.redis.zrem(keys.openRuns, run)
    return { status: 'ended' }
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
