import type { History } from '@flexaction/shared/history'
import type { BatchQueues } from '@flexaction/shared/queues'
import {
  type AttemptEnd,
  type Backlog,
  type LiveCall,
  LogWriter,
  type RunStore,
  type Settlement,
  type SettleReply,
  type StartedBatch,
} from '@flexaction/shared/runs'
import type { Logger } from '@flexaction/shared/logging'
import { setTimeout as pause } from 'node:timers/promises'

/** Outcomes are recorded at the latest this long after the handler returned… */
const SETTLE_WITHIN_MS = 100
/**
 * … or when this many have gathered, as soon as the event loop turns: handlers that return at once end a whole batch before.
 * A crash in between repeats their calls: handlers run at least once.
 */
const SETTLE_AT_ITEMS = 100
const RETRY_PAUSE_MS = 500

type Ending = 'succeeded' | 'failed' | 'skipped' | 'cancelled'

export interface SettlerOptions {
  started: StartedBatch
  store: RunStore
  queues: BatchQueues
  backlog: Backlog
  history: History
  logger: Logger
  /** Most batches of the run to stand in the queue. */
  window(): number
  /** Handler calls that are going on. */
  live(): LiveCall[]
  /** Another worker has the batch: nothing that is still to come will be recorded. */
  onLost(): void
  /** The run was paused or halted, or given up. */
  onCommand(command: 'hold' | 'cancel'): void
  /** Called after each report, with the items settled so far by this worker. */
  onReport(settled: number): void
}

/** Gathers what happened to a batch's items and records it in groups, one write at a time. */
export class Settler {
  readonly #lines = new LogWriter()
  #items = 0
  #settled = 0
  #counts = { succeeded: 0, failed: 0, skipped: 0, cancelled: 0 }
  #errorLines: string[] = []
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
    this.#lines.succeeded(end)
    this.#count('succeeded')
  }

  /** An item ended. */
  ended(ending: Ending, line: string, errorLine?: string): void {
    if (errorLine !== undefined) this.#errorLines.push(errorLine)
    this.#lines.add(line)
    this.#count(ending)
  }

  /** An attempt failed and the item waits for its retry. */
  willRetry(line: string): void {
    this.#lines.add(line)
    this.#gathered()
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
  async finish(then: 'end' | 'delay' | 'release'): Promise<'recorded' | 'parked' | 'lost'> {
    await this.#write(then)
    if (this.#lost) return 'lost'
    return this.#parked ? 'parked' : 'recorded'
  }

  #count(ending: Ending): void {
    this.#counts[ending]++
    this.#settled++
    this.#gathered()
  }

  #gathered(): void {
    this.#items++
    if (this.#items < SETTLE_AT_ITEMS) this.changed()
    else if (this.#writesWaiting === 0) this.#soon ??= setImmediate(() => void this.#write(''))
  }

  #write(then: Settlement['then']): Promise<void> {
    clearTimeout(this.#timer)
    clearImmediate(this.#soon)
    this.#timer = undefined
    this.#soon = undefined
    this.#writesWaiting++
    this.#writing = this.#writing.then(async () => {
      this.#writesWaiting--
      if (!this.#lost) await this.#record(this.#takeGathered(then))
    })
    return this.#writing
  }

  #takeGathered(then: Settlement['then']): Settlement {
    const { started, live, window } = this.options
    const calls = then === '' ? live() : []
    const settlement: Settlement = {
      run: started.run,
      batch: started.batch,
      token: started.token,
      sequence: ++this.#sequence,
      lines: this.#lines.take(),
      counts: this.#counts,
      active: calls.reduce((sum, call) => sum + call.to - call.from, 0),
      live: calls,
      then,
      window: window(),
      resultJson: this.#resultJson,
      errorLines: this.#errorLines.slice(0, 10),
    }
    this.#items = 0
    this.#counts = { succeeded: 0, failed: 0, skipped: 0, cancelled: 0 }
    this.#errorLines = []
    this.#resultJson = ''
    return settlement
  }

  async #record(settlement: Settlement): Promise<void> {
    const reply = await this.#untilAnswered(settlement)
    const { started, queues, backlog, history, logger, onLost, onCommand, onReport } = this.options
    if (reply.status === 'lost') {
      this.#lost = true
      onLost()
      return
    }
    const { succeeded, failed, skipped, cancelled } = settlement.counts
    backlog.ended(succeeded + failed + skipped + cancelled)
    history.settled(started.run.identity, settlement.counts)
    onReport(this.#settled)
    if (reply.status === 'ended') return
    if (reply.then === 'parked' || reply.then === 'cancel') this.#parked = true
    if (reply.then === 'hold' || reply.then === 'cancel') onCommand(reply.then)
    if (reply.queue.batches.length > 0) {
      // A crash before this line leaves these batches unqueued: the reconciler queues them.
      await queues.add(started.run, reply.queue).catch((error: unknown) => {
        logger.error({ err: error, run: started.run.id }, 'queuing the next batches failed; the reconciler will do it')
      })
    }
  }

  /** What was gathered must not be lost while the process lives: Redis being full or failing over is waited out. */
  async #untilAnswered(settlement: Settlement): Promise<SettleReply> {
    for (;;) {
      try {
        return await this.options.store.settle(settlement)
      } catch (error) {
        this.options.logger.error(
          { err: error, run: settlement.run.id, batch: settlement.batch },
          'recording outcomes failed; trying again',
        )
        await pause(RETRY_PAUSE_MS)
      }
    }
  }
}
