import type { History } from '@flexaction/shared/history'
import { type JobQueues, queueBatches } from '@flexaction/shared/queues'
import {
  type AttemptEnd,
  type Backlog,
  type CountedFailures,
  countFailures,
  type ItemError,
  type LiveCall,
  LogWriter,
  type RunStore,
  type RunTimes,
  type Settlement,
  type SettleReply,
  type StartedBatch,
} from '@flexaction/shared/runs'
import type { Logger } from '@flexaction/shared/logging'
import type { Outages } from '@flexaction/shared/redis'
import type { WorkerMetrics } from '../metrics/worker-metrics.js'
import { setTimeout as pause } from 'node:timers/promises'

/** Outcomes are recorded at the latest this long after the handler returned… */
const SETTLE_WITHIN_MS = 100
/**
 * … or when this many have gathered, as soon as the event loop turns: handlers that return at once end a whole batch before.
 * A crash in between repeats their calls: handlers run at least once.
 */
const SETTLE_AT_ITEMS = 100
/** One write holds about this many characters at most: large results are recorded in several. */
const CHARACTERS_PER_WRITE = 300_000
const RETRY_PAUSE_MS = 500
const MOST_ERROR_LINES = 10
/** A write that Redis refuses for a reason that does not pass is tried so often. */
const MOST_REFUSALS = 3

const ENDINGS = ['succeeded', 'failed', 'skipped', 'cancelled'] as const
type Ending = (typeof ENDINGS)[number]

export interface SettlerOptions {
  started: StartedBatch
  store: RunStore
  queues: JobQueues
  backlog: Backlog
  history: History
  metrics: Pick<WorkerMetrics, 'itemsSettled'>
  outages: Pick<Outages, 'note'>
  logger: Logger
  /** Most batches of the run to stand in the queue. */
  window(): number
  /** Handler calls that are going on. */
  live(): LiveCall[]
  /** When the first call of the batch began, in Redis's time; 0 if none has. */
  began(): number
  /** What calls have spent since this was asked last. */
  takeSpent(): RunTimes
  /** Another worker has the batch: nothing that is still to come will be recorded. */
  onLost(): void
  /** The run was paused or halted, or given up. */
  onCommand(command: 'hold' | 'cancel'): void
  /** Called after each report, with the items settled so far by this worker. */
  onReport(settled: number): void
}

/** What is recorded by one write. */
interface Group {
  lines: Settlement['lines']
  counts: Record<Ending, number>
  errorLines: string[]
  failures: CountedFailures[]
}

/** Gathers what happened to a batch's items and records it in groups, one write at a time. */
export class Settler {
  readonly #writer = new LogWriter()
  /** Of the group that is being gathered. */
  #items = 0
  #characters = 0
  #counts = noCounts()
  #errors: ItemError[] = []
  /** Groups that are complete and were not written yet. */
  #full: Group[] = []
  #settled = 0
  #resultJson = ''
  #sequence = 0
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Immediate | undefined
  #writing: Promise<void> = Promise.resolve()
  #writesWaiting = 0
  #lost = false
  #parked = false

  constructor(private readonly options: SettlerOptions) {}

  /** An item succeeded without a result. */
  succeeded(end: AttemptEnd): void {
    this.#writer.succeeded(end)
    this.#count('succeeded', 0)
  }

  /** An item failed for good. */
  failed(end: AttemptEnd, line: string, error: ItemError): void {
    this.#errors.push(error)
    this.ended('failed', end, line)
  }

  /** An item ended. */
  ended(ending: Ending, { chunk }: AttemptEnd, line: string): void {
    this.#writer.add(chunk, line)
    this.#count(ending, line.length)
  }

  /** An attempt failed and the item waits for its retry. */
  willRetry({ chunk }: AttemptEnd, line: string): void {
    this.#writer.add(chunk, line)
    this.#gathered(line.length)
  }

  /** The run's result, where the whole run is one call. */
  result(json: string): void {
    this.#resultJson = json
  }

  /** Something that the live view shows has changed: a call began or made progress. */
  changed(): void {
    this.#timer ??= setTimeout(() => void this.#write(''), SETTLE_WITHIN_MS)
  }

  /**
   * Records what is left and how the batch goes on. Resolves to `lost` when another worker has the batch, to `parked` when the
   * run is held up, so that the batch needs no job.
   */
  async finish(next: 'end' | 'delay' | 'release'): Promise<'recorded' | 'parked' | 'lost'> {
    await this.#write(next)
    if (this.#lost) return 'lost'
    return this.#parked ? 'parked' : 'recorded'
  }

  #count(ending: Ending, characters: number): void {
    this.#counts[ending]++
    this.#settled++
    this.#gathered(characters)
  }

  #gathered(characters: number): void {
    this.#items++
    this.#characters += characters
    if (this.#characters >= CHARACTERS_PER_WRITE) this.#full.push(this.#takeGroup())
    if (this.#items < SETTLE_AT_ITEMS && this.#full.length === 0) this.changed()
    else if (this.#writesWaiting === 0) this.#soon ??= setImmediate(() => void this.#write(''))
  }

  #takeGroup(): Group {
    const group = {
      ...{ lines: this.#writer.take(), counts: this.#counts, failures: countFailures(this.#errors) },
      errorLines: this.#errors.slice(0, MOST_ERROR_LINES).map((error) => JSON.stringify(error)),
    }
    this.#items = 0
    this.#characters = 0
    this.#counts = noCounts()
    this.#errors = []
    return group
  }

  #write(next: Settlement['next']): Promise<void> {
    clearTimeout(this.#timer)
    clearImmediate(this.#soon)
    this.#timer = undefined
    this.#soon = undefined
    this.#writesWaiting++
    this.#writing = this.#writing.then(async () => {
      this.#writesWaiting--
      for (let group = this.#full.shift(); group && !this.#lost; group = this.#full.shift())
        await this.#record(this.#settlement(group, ''))
      if (!this.#lost) await this.#record(this.#settlement(this.#takeGroup(), next))
    })
    return this.#writing
  }

  #settlement(group: Group, next: Settlement['next']): Settlement {
    const { started, live, window, began, takeSpent } = this.options
    const calls = next === '' ? live() : []
    const settlement = {
      ...{ run: started.run, batch: started.batch, token: started.token, sequence: ++this.#sequence, ...group },
      ...{ active: calls.reduce((sum, call) => sum + call.to - call.from, 0), live: calls, began: began() },
      spent: takeSpent(),
      ...{ next, window: window(), resultJson: this.#resultJson },
    }
    this.#resultJson = ''
    return settlement
  }

  async #record(settlement: Settlement): Promise<void> {
    const reply = await this.#untilAnswered(settlement)
    const { started, queues, backlog, history, metrics, logger, onLost, onCommand, onReport } = this.options
    if (reply.status === 'lost') {
      this.#lost = true
      onLost()
      return
    }
    const { succeeded, failed, skipped, cancelled } = settlement.counts
    backlog.ended(started.run.identity, succeeded + failed + skipped + cancelled)
    history.settled(started.run.identity, settlement.counts)
    for (const ending of ENDINGS) metrics.itemsSettled(started.run.identity, ending, settlement.counts[ending])
    onReport(this.#settled)
    if (reply.status === 'ended') return
    if (reply.then === 'parked' || reply.then === 'cancel') this.#parked = true
    if (reply.then === 'hold' || reply.then === 'cancel') onCommand(reply.then)
    if (reply.queue.batches.length > 0) {
      // A crash before this line leaves these batches unqueued: the reconciler queues them. Nothing waits for it: the job of
      // this batch may end meanwhile.
      queueBatches(queues, started.run, reply.queue, false).catch((error: unknown) => {
        logger.error({ err: error, run: started.run.id }, 'queuing the next batches failed; the reconciler will do it')
      })
    }
  }

  /**
   * What was gathered must not be lost while the process lives: Redis being full or failing over is waited out. A run that
   * cannot be written, because something else damaged it, is given up after some tries.
   */
  async #untilAnswered(settlement: Settlement): Promise<SettleReply> {
    for (let refused = 0; refused < MOST_REFUSALS;) {
      try {
        return await this.options.store.settle(settlement)
      } catch (error) {
        // An outage passes, and so does a wrong permission: outcomes wait for it.
        if (!this.options.outages.note(error)) {
          const context = { err: error, run: settlement.run.id, batch: settlement.batch }
          this.options.logger.error(context, 'recording outcomes failed; trying again')
          refused++
        }
        await pause(RETRY_PAUSE_MS)
      }
    }
    this.options.logger.error({ run: settlement.run.id }, 'outcomes cannot be recorded: the run is damaged')
    return { status: 'lost' }
  }
}

function noCounts(): Record<Ending, number> {
  return { succeeded: 0, failed: 0, skipped: 0, cancelled: 0 }
}
