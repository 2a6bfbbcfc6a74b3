import type { RecordId } from '@flexaction/shared'
import type { Logger } from '@flexaction/shared/logging'
import { BatchConsumer, type BatchEnd, type BatchJob, type BatchQueues } from '@flexaction/shared/queues'
import { type RunStore, windowFor } from '@flexaction/shared/runs'
import type { Keys, RedisClient } from '@flexaction/shared/redis'
import { type Call, Interruption } from './call.js'
import { BulkCallContext, CallContext } from './context.js'
import { Rotation } from './rotation.js'
import type { RunnableAction } from './runnable-action.js'
import { RunningBatch } from './running-batch.js'

export interface ActionRunnerOptions {
  redis: RedisClient
  keys: Keys
  store: RunStore
  queues: BatchQueues
  logger: Logger
  workerName: string
  lockMs: number
  /** Live workers of this group: more of them widen a run's window. */
  liveWorkers(): number
}

/** Batches are fetched when the calls in hand last less than this: by the time they are used up, the next ones are here. */
const FETCH_AHEAD_MS = 10
/** Most calls that are held in reserve for it. */
const MOST_RESERVE = 1_000
/** How fast the measured length of a call follows: the newest call weighs 1/20. */
const SMOOTHING = 0.05
/** After a timeout or an abort the handler has this long to end by itself; then its slot is freed. */
const GRACE_MS = 1_000

/** Runs the batches of one action in this process: `slots` handler calls at a time, taken from the runs in turn. */
export class ActionRunner {
  readonly #rotation = new Rotation()
  readonly #batches = new Set<RunningBatch>()
  readonly #consumer: BatchConsumer
  #busy = 0
  /** Smoothed length of a call in ms; until one has ended, calls count as slow. */
  #callMs = Number.POSITIVE_INFINITY
  #sweeping: NodeJS.Timeout | undefined

  constructor(
    private readonly action: RunnableAction,
    private readonly options: ActionRunnerOptions,
  ) {
    const { redis, keys, lockMs, workerName, logger } = options
    this.#consumer = new BatchConsumer({
      identity: action.published.identity,
      redis,
      keys,
      lockMs,
      workerName,
      process: (job) => this.#process(job),
      hungry: () => this.#hungry(),
      onError: (error) =>
        logger.error({ err: error, action: action.published.identity }, 'the queue reported an error'),
    })
  }

  async start(): Promise<void> {
    this.#sweeping = setInterval(() => this.#sweep(), Math.min(1_000, Math.max(20, this.action.timeoutMs / 20)))
    await this.#consumer.start()
  }

  /** Takes no more batches. */
  quiet(): void {
    this.#consumer.quiet()
  }

  /** Resolves when every batch in hand has ended. */
  drained(): Promise<void> {
    return this.#consumer.drained()
  }

  /** Handlers see their signal abort, get a moment to end, and what is left of their batches is given back. */
  async abort(): Promise<void> {
    const reason = new Interruption('the worker is shutting down')
    for (const batch of this.#batches) batch.interrupt(reason)
    const grace = setTimeout(() => {
      for (const batch of this.#batches) batch.abandon()
    }, GRACE_MS)
    await this.drained()
    clearTimeout(grace)
  }

  async stop(): Promise<void> {
    await this.#consumer.stop()
    clearInterval(this.#sweeping)
  }

  async #process(job: BatchJob): Promise<BatchEnd> {
    const { store, queues, logger } = this.options
    const started = await store.start(job.run, job.batch, job.token, Date.now())
    if (!started) return { kind: 'done', summary: 'nothing to do: the batch has ended' }
    const { batchSize } = started.run
    const callsPerBatch = this.action.bulk ? 1 : batchSize
    const batch = new RunningBatch({
      action: this.action,
      job,
      started,
      store,
      queues,
      logger,
      onDropped: (calls) => this.#rotation.forget(calls),
      window: () => windowFor(callsPerBatch, this.options.liveWorkers(), this.action.slots),
    })
    this.#batches.add(batch)
    this.#rotation.add(batch)
    this.#fillSlots()
    try {
      return await batch.finished
    } finally {
      this.#batches.delete(batch)
    }
  }

  #hungry(): boolean {
    if (this.#rotation.waiting === 0) return this.#busy < this.action.slots
    const perMs = this.action.slots / this.#callMs
    return this.#rotation.waiting < Math.min(MOST_RESERVE, perMs * FETCH_AHEAD_MS)
  }

  #fillSlots(): void {
    while (this.#busy < this.action.slots && this.#rotation.waiting > 0) void this.#slot()
  }

  /** One slot: a call after the other, until none is waiting. Never rejects: what a handler throws is settled. */
  async #slot(): Promise<void> {
    this.#busy++
    for (let call = this.#rotation.next(); call; call = this.#rotation.next()) {
      await this.#call(call)
      if (this.#hungry()) this.#consumer.wake()
    }
    this.#busy--
    this.#consumer.wake()
  }

  async #call(call: Call): Promise<void> {
    const { batch } = call
    batch.begin(call)
    try {
      const returned = this.#invoke(call)
      batch.succeed(call, isPromise(returned) ? await call.race(returned) : returned)
    } catch (error) {
      if (call.abortReason instanceof Interruption) batch.leaveOpen(call)
      else batch.fail(call, call.abortReason ?? error)
    }
    const took = Date.now() - call.startedAt
    this.#callMs = Number.isFinite(this.#callMs) ? this.#callMs + SMOOTHING * (took - this.#callMs) : took
  }

  #invoke(call: Call): unknown {
    const { batch } = call
    const { params } = batch
    const { handler, bulk, published } = this.action
    // The definition's target decides which of the three shapes the handler's type has: see HandlerInput.
    const invoke = handler as (input: object) => unknown
    if (bulk) {
      const ids = [...call.open].map((position) => batch.ids[position] as RecordId)
      return invoke({ ids, params, ctx: new BulkCallContext(call) })
    }
    const ctx = new CallContext(call)
    if (published.target.kind === 'records') return invoke({ id: batch.ids[call.first], params, ctx })
    return invoke({ params, ctx })
  }

  /** Tells calls that took too long to stop, and frees the slots of those that do not listen. */
  #sweep(): void {
    const now = Date.now()
    const { timeoutMs } = this.action
    for (const batch of this.#batches) {
      for (const call of batch.inFlight) {
        // Calls stand in the order in which they began.
        if (now - call.startedAt < timeoutMs) break
        call.abort(new Error(`timed out after ${timeoutMs} ms`))
        if (now - call.abortedAt >= GRACE_MS && call.abortReason) call.abandon?.(call.abortReason)
      }
    }
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
