import type { BatchEnd, BatchQueues } from '@flexaction/shared/queues'
import type { RedisClient } from '@flexaction/shared/redis'
import { keepDirect, readHandedOver, type RunScriptContext, type StartedBatch } from '@flexaction/shared/runs'
import { setTimeout as pause } from 'node:timers/promises'
import type { ActionRunner } from './action-runner.js'
import type { EndedJobs } from './ended-jobs.js'

export interface DirectRunsOptions {
  context: RunScriptContext
  subscriber: RedisClient
  /** This worker's id: where gateways hand runs to. */
  worker: string
  /** The runner of an action, by its identity. */
  runnerOf(identity: string): ActionRunner | undefined
  queues: BatchQueues
  endedJobs: EndedJobs
  /** How long a silent process keeps its batches before another takes them, in ms. */
  lockMs: number
  onError(error: unknown): void
}

interface InHand {
  started: StartedBatch
  lost: AbortController
  ended: Promise<void>
}

const KEEP_EVERY_MS = 1_000
/** A run that is heard of with less than this left until it is queued may be queued already. */
const LATE_MS = 2_000
const UNSUBSCRIBES_WITHIN_MS = 500
/** Lines of a handler's log that are kept until its job is made. */
const MOST_LINES = 1_000

/**
 * Runs that gateways hand to this worker as they accept them, past the queue. While one is in hand, Redis is told so once a
 * second; when that stops, the reconciler queues it. One that cannot be run at once is given back, and queued.
 */
export class DirectRuns {
  readonly #channel: string
  readonly #inHand = new Set<InHand>()
  #unsubscribed: Promise<unknown> = Promise.resolve()
  #keeping: NodeJS.Timeout | undefined
  readonly #onMessage = (channel: string, message: string): void => {
    if (channel === this.#channel) this.#take(message)
  }

  constructor(private readonly options: DirectRunsOptions) {
    this.#channel = options.context.keys.directRuns(options.worker)
  }

  async start(): Promise<void> {
    const { subscriber, lockMs } = this.options
    subscriber.on('message', this.#onMessage)
    await subscriber.subscribe(this.#channel)
    this.#keeping = setInterval(() => void this.#keep(), Math.min(KEEP_EVERY_MS, lockMs / 2))
  }

  /** Tells gateways to hand their runs to others; what still comes is given back. */
  quiet(): void {
    const { subscriber, onError } = this.options
    this.#unsubscribed = subscriber.unsubscribe(this.#channel).catch(onError)
  }

  /** Once the runners have stopped. */
  async stop(): Promise<void> {
    // The answer comes after all that was published before; while Redis is away it does not come.
    await Promise.race([this.#unsubscribed, pause(UNSUBSCRIBES_WITHIN_MS, undefined, { ref: false })])
    this.options.subscriber.off('message', this.#onMessage)
    await Promise.all([...this.#inHand].map(({ ended }) => ended))
    clearInterval(this.#keeping)
  }

  #take(message: string): void {
    const started = readHandedOver(message)
    const runner = started && this.options.runnerOf(started.run.identity)
    // Not known here: after some seconds the reconciler queues it.
    if (!runner) return
    const inHand: InHand = { started, lost: new AbortController(), ended: Promise.resolve() }
    this.#inHand.add(inHand)
    inHand.ended = this.#run(runner, inHand)
      .catch(this.options.onError)
      .finally(() => this.#inHand.delete(inHand))
  }

  async #run(runner: ActionRunner, { started, lost }: InHand): Promise<void> {
    const { run, batch, token } = started
    if (isLate(started) && (await keepDirect(this.options.context, started, this.options.lockMs)) !== 'kept') return
    const lines: string[] = []
    const end = await runner.runDirect(started, {
      run: run.id,
      batch,
      generation: run.generation,
      token,
      lost: lost.signal,
      log: (line) => {
        if (lines.length < MOST_LINES) lines.push(line)
      },
      // What is worth watching takes its way through the queue.
      progress: () => undefined,
    })
    await this.#afterwards(started, end, lines)
  }

  async #afterwards({ run, batch }: StartedBatch, end: BatchEnd, lines: string[]): Promise<void> {
    const { queues, endedJobs } = this.options
    const { kind } = end
    if (kind === 'done' || kind === 'failed') endedJobs.add({ run, batch, end, lines })
    else {
      const toQueue = { batches: [batch], generation: run.generation }
      await queues.add(run, toQueue, kind === 'delay' ? end.at : undefined)
    }
  }

  async #keep(): Promise<void> {
    const { context, lockMs, onError } = this.options
    for (const { started, lost } of this.#inHand) {
      try {
        // One that has just ended is about to leave.
        if ((await keepDirect(context, started, lockMs)) === 'lost') lost.abort(new Error('another worker has the run'))
      } catch (error) {
        onError(error)
      }
    }
  }
}

/** This process may have been frozen meanwhile, and another one may have the run. */
function isLate({ run }: StartedBatch): boolean {
  return Date.now() > (run.directUntil ?? 0) - LATE_MS
}
