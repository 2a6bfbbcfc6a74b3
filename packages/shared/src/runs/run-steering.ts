import type { RunScriptContext } from './run-scripts.js'
import { RunScript } from './run-scripts.js'
import { type Ended, isEnded, readEndedRun } from './ended-run.js'
import type { ItemsFilter } from './item-view.js'
import { type StagedRetry, stageRetryOf } from './retry-staging.js'
import type { RunIndex } from './run-index.js'
import type { RunReader } from './run-reader.js'
import type { Run } from './run.js'
import type { RunState } from './states.js'
import type { ToQueue } from './run-store.js'

const cancelRun = new RunScript('cancel-run')
const pauseRun = new RunScript('pause-run')
const resumeRun = new RunScript('resume-run')
const retryRun = new RunScript('retry-run')
const resumeListing = new RunScript('resume-listing')

/**
 * `done`; `queue` names the batches that the caller has to queue. `refused`: the run's state does not allow it.
 * `undefined`: there is no such run.
 */
export type SteeringReply = { status: 'done'; queue: ToQueue } | { status: 'refused'; state: RunState } | undefined

/** Errors of Redis that say that a stored value is of another kind than it must be. */
const NONSENSE = /^(DAMAGED|WRONGTYPE|ERR (value|hash value|user_script|Error running script))/i

/** A retry takes the time to start by away. */
const NEVER_RETRIED = 0

const NOTHING: ToQueue = { batches: [], generation: 0 }

type ClosingReply = ['closing'] | ['more'] | ['refused', RunState] | Ended | null

/** What a person may do to a run. Workers hear of it at once, on the channel of commands. */
export class RunSteering {
  constructor(
    private readonly context: RunScriptContext,
    private readonly index: RunIndex,
  ) {}

  /** Gives the run up: what was not begun is cancelled, handlers see their signal abort. Refused once it has ended. */
  async cancel(run: Run): Promise<SteeringReply> {
    if (run.damaged !== undefined) return await this.#removeDamaged(run)
    try {
      return await this.#close(run, 'cancelled')
    } catch (error) {
      // Redis refuses to reckon with what stands in one of its fields.
      if (error instanceof Error && NONSENSE.test(error.message)) return await this.#removeDamaged(run)
      throw error
    }
  }

  /** What cannot be read cannot be ended: it is closed as far as that goes, so that its workers let go of it, and removed. */
  async #removeDamaged({ id, generation }: Run): Promise<SteeringReply> {
    const { redis, keys } = this.context
    await this.#close({ id, generation }, 'cancelled').catch(() => undefined)
    await redis.unlink(...keys.allOfRun(id))
    await Promise.all([redis.zrem(keys.runs, id), this.index.forget(id)])
    return { status: 'done', queue: NOTHING }
  }

  /** Gives up a run that had to start by now and did not. Returns whether that ended it. */
  async expire(id: string): Promise<boolean> {
    const reply = await this.#close({ id, generation: NEVER_RETRIED }, 'expired')
    await this.index.notExpiring(id)
    return reply?.status === 'done'
  }

  async #close(run: Pick<Run, 'id' | 'generation'>, outcome: 'cancelled' | 'expired'): Promise<SteeringReply> {
    const reply = await this.#closePart(run, outcome)
    if (!reply) return undefined
    if (reply[0] === 'refused') return { status: 'refused', state: reply[1] }
    // Nothing more of it is begun already. Nobody waits for the rest, and the reconciler sees to what fails here.
    if (reply[0] === 'more') this.goOnClosing(run).catch(() => undefined)
    return { status: 'done', queue: NOTHING }
  }

  /** Gives up what is left of a run that is being given up. Harmless when several processes do it at once. */
  async goOnClosing(run: Pick<Run, 'id' | 'generation'>): Promise<void> {
    for (let reply: ClosingReply = ['more']; reply?.[0] === 'more';) reply = await this.#closePart(run, 'cancelled')
  }

  async #closePart(run: Pick<Run, 'id' | 'generation'>, outcome: 'cancelled' | 'expired'): Promise<ClosingReply> {
    const reply = (await cancelRun.run(this.context, run.id, outcome)) as ClosingReply
    if (reply && isEnded(reply)) this.index.ended(readEndedRun(reply.slice(1)), run.generation)
    return reply
  }

  /** Begins nothing more of the run until it is resumed. Refused once it has ended, and while it is halted. */
  async pause(run: Run): Promise<SteeringReply> {
    return readReply(await pauseRun.run(this.context, run.id))
  }

  /** Lets a paused or halted run go on. `window`: most of its batches to stand in the queue. */
  async resume(run: Run, window: number): Promise<SteeringReply> {
    return readReply(await resumeRun.run(this.context, run.id, window))
  }

  /** Lets the listing of an ended run go on from where it failed; the caller has to queue it. Refused when it did not fail. */
  async resumeListing(run: Run): Promise<SteeringReply> {
    await this.index.reopening(run.id, run.generation + 1)
    return readReply(await resumeListing.run(this.context, run.id))
  }

  /**
   * Writes down which items of an ended run are to be retried: those that match, and that failed, were cancelled, or have
   * expired. `undefined`: the run does not allow it any more.
   */
  async stageRetry(reader: RunReader, run: Run, filter: ItemsFilter): Promise<StagedRetry | undefined> {
    return await stageRetryOf(this.context, reader, run, filter)
  }

  /**
   * Reopens an ended run: for its failed items, or for those that were `staged`. Refused while it is going on, when nothing
   * failed, and when somebody else has retried it since.
   */
  async retry(run: Run, window: number, staged?: StagedRetry): Promise<SteeringReply> {
    const { failed, cancelled, expired } = staged?.counts ?? { failed: 0, cancelled: 0, expired: 0 }
    const named = staged
      ? [staged.token, staged.batches, failed, cancelled, expired, JSON.stringify(staged.failures)]
      : ['', 0, 0, 0, 0, '[]']
    const next = run.generation + 1
    await this.index.reopening(run.id, next)
    const reply = readReply(await retryRun.run(this.context, run.id, window, ...named))
    // The run was read before: another retry may have come in between.
    if (reply?.status === 'done' && reply.queue.generation !== next)
      await this.index.reopening(run.id, reply.queue.generation)
    return reply
  }
}

function readReply(reply: unknown): SteeringReply {
  const [status, second, ...batches] = (reply ?? []) as ['ok' | 'refused', string?, ...string[]]
  if (status === undefined) return undefined
  if (status === 'refused') return { status, state: second as RunState }
  return { status: 'done', queue: { batches: batches.map(Number), generation: Number(second ?? 0) } }
}
