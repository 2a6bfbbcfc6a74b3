import { isFileResult } from '@flexaction/shared/definitions'
import type { FileStore } from '@flexaction/shared/files'
import type { History } from '@flexaction/shared/history'
import type { Logger } from '@flexaction/shared/logging'
import { BatchConsumer, type BatchEnd, type BatchJob, type BatchQueues } from '@flexaction/shared/queues'
import { type Backlog, type RunStore, type StartedBatch, windowFor } from '@flexaction/shared/runs'
import type { Keys, RedisClient } from '@flexaction/shared/redis'
import type { Turn, Turnstile } from '../limiting/turnstile.js'
import type { IsolatedProcess, Isolation } from '../isolating/isolated-process.js'
import { type Call, Cancellation, Interruption } from './call.js'
import { invokeHandler } from './invoke-handler.js'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Rotation } from './rotation.js'
import type { Commanded, RunCommand } from './run-commands.js'
import type { RunnableAction } from './runnable-action.js'
import { RunningBatch } from './running-batch.js'

export interface ActionRunnerOptions {
  redis: RedisClient
  keys: Keys
  store: RunStore
  queues: BatchQueues
  backlog: Backlog
  files: FileStore
  history: History
  logger: Logger
  onError(error: unknown): void
  workerName: string
  turnstile: Turnstile
  /** Runs single calls in processes of their own; absent: batches are never isolated. */
  isolation: Isolation | undefined
  lockMs: number
  /** Live workers of this group: more of them widen a run's window. */
  liveWorkers(): number
}

/** Batches are fetched when the calls in hand last less than this: by the time they are used up, the next ones are here. */
const FETCH_AHEAD_MS = 25
/** Most calls that are held in reserve for it. */
const MOST_RESERVE = 1_000
/** How fast the measured length of a call follows: the newest call weighs 1/20. */
const SMOOTHING = 0.05
/** A batch whose workers died this often is run in a process of its own, one call at a time. */
const ISOLATED_AFTER = 2
/** After a timeout or an abort the handler has this long to end by itself; then its slot is freed. */
const GRACE_MS = 1_000
/**
 * Handlers that return at once are called for so long in one go: then the event loop gets its turn, so that outcomes are
 * recorded, locks renewed and commands heard meanwhile.
 */
const IN_ONE_GO_MS = 10

/** A batch that is being started: what is commanded to its run meanwhile must not be missed. */
interface Starting {
  run: string
  heard: RunCommand | undefined
}

/** Runs the batches of one action in this process: `slots` handler calls at a time, taken from the runs in turn. */
export class ActionRunner implements Commanded {
  readonly #rotation = new Rotation()
  readonly #batches = new Set<RunningBatch>()
  readonly #consumer: BatchConsumer
  readonly #starting = new Set<Starting>()
  /** Batches without a job. */
  readonly #direct = new Set<Promise<BatchEnd>>()
  /** Whether it has started and takes more work. */
  #open = false
  #busy = 0
  /** Slots that wait for their turn, each for a call that waits. */
  #entering = 0
  /** Of the newest batch. */
  #callsPerBatch = Number.POSITIVE_INFINITY
  /** Smoothed length of a call in ms; until one has ended, calls count as slow. */
  #callMs = Number.POSITIVE_INFINITY
  #sweeping: NodeJS.Timeout | undefined
  /** Epoch ms. */
  #inOneGoUntil = 0

  constructor(
    private readonly action: RunnableAction,
    private readonly options: ActionRunnerOptions,
  ) {
    const { redis, keys, lockMs, workerName, onError } = options
    this.#consumer = new BatchConsumer({
      identity: action.published.identity,
      redis,
      keys,
      lockMs,
      workerName,
      process: (job) => this.#process(job),
      appetite: () => this.#appetite(),
      serves: (run) => this.#rotation.has(run),
      onError,
    })
  }

  async start(): Promise<void> {
    this.options.turnstile.start()
    this.#sweeping = setInterval(() => this.#sweep(), Math.min(1_000, Math.max(20, this.action.timeoutMs / 20)))
    await this.#consumer.start()
    this.#open = true
  }

  /** Of its action. */
  get identity(): string {
    return this.action.published.identity
  }

  /** Handler calls that are going on. */
  get busy(): number {
    return this.#busy
  }

  runsInHand(): Iterable<string> {
    return new Set([...this.#batches].map(({ runId }) => runId))
  }

  /** The run was paused or halted, or given up: nothing more of it is begun. */
  obey(run: string, command: RunCommand): void {
    for (const batch of this.#batches) if (batch.runId === run) batch.obey(command)
    for (const starting of this.#starting) if (starting.run === run) starting.heard = command
  }

  /** Takes no more batches. */
  quiet(): void {
    this.#open = false
    this.#consumer.quiet()
  }

  /** Resolves when every batch in hand has ended. */
  async drained(): Promise<void> {
    await this.#consumer.drained()
    while (this.#direct.size > 0) await Promise.allSettled(this.#direct)
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
    this.options.turnstile.stop()
    clearInterval(this.#sweeping)
  }

  async #process(job: BatchJob): Promise<BatchEnd> {
    const starting: Starting = { run: job.run, heard: undefined }
    this.#starting.add(starting)
    const starts = this.options.store.start(job.run, job.batch, job.generation, job.token)
    const started = await starts.finally(() => this.#starting.delete(starting))
    if (!started) return { kind: 'done', summary: 'nothing to do: the batch has ended, or waits for its run to go on' }
    return this.#run(job, started, (batch) => {
      if (starting.heard) batch.obey(starting.heard)
    })
  }

  /** Runs a batch that was handed over without a job; it is given back if it cannot be run at once. */
  async runDirect(started: StartedBatch, job: BatchJob): Promise<BatchEnd> {
    const running = this.#run(job, started, (batch) => {
      if (!this.#open || !this.#hungry()) batch.interrupt(new Interruption('this worker has no slot for it'))
    })
    this.#direct.add(running)
    try {
      return await running
    } finally {
      this.#direct.delete(running)
    }
  }

  /** `before`: called before any of its calls is begun; it may stop them all. */
  async #run(job: BatchJob, started: StartedBatch, before: (batch: RunningBatch) => void): Promise<BatchEnd> {
    const { store, queues, backlog, files, history, logger } = this.options
    const isolation = started.interruptions >= ISOLATED_AFTER ? this.options.isolation : undefined
    const { batchSize, generation, startedAt, createdAt, identity } = started.run
    if (job.batch === 0 && generation === 0 && startedAt !== undefined) history.started(identity, startedAt - createdAt)
    const callsPerBatch = Math.ceil(batchSize / this.action.itemsPerCall)
    const batch = new RunningBatch({
      action: this.action,
      job,
      started,
      store,
      queues,
      backlog,
      files,
      history,
      logger,
      onDropped: (calls) => this.#rotation.drop(batch, calls),
      window: () => windowFor(callsPerBatch, this.options.liveWorkers(), this.action.slots),
    })
    this.#batches.add(batch)
    before(batch)
    if (isolation) void this.#runIsolated(batch, isolation)
    else {
      this.#callsPerBatch = Math.max(1, batch.callsLeft)
      this.#rotation.add(batch)
      this.#fillSlots()
    }
    try {
      return await batch.finished
    } finally {
      this.#batches.delete(batch)
    }
  }

  #hungry(): boolean {
    return this.#callsWanted() > 0
  }

  /** Calls that could be made at once, or within {@link FETCH_AHEAD_MS}, beyond those in hand. */
  #callsWanted(): number {
    const { waiting } = this.#rotation
    const free = this.action.slots - this.#busy - (waiting - this.#entering)
    const perMs = this.action.slots / this.#callMs
    const reserve = waiting === 0 ? 0 : Math.min(MOST_RESERVE, perMs * FETCH_AHEAD_MS) - waiting
    return Math.max(0, free, reserve)
  }

  /** The same in batches of the newest one's size, but at least one. */
  #appetite(): number {
    const calls = this.#callsWanted()
    return calls > 0 ? Math.max(1, Math.floor(calls / this.#callsPerBatch)) : 0
  }

  #fillSlots(): void {
    while (this.#busy < this.action.slots && this.#rotation.waiting > this.#entering) void this.#slot()
  }

  /** One slot: a call after the other, until none is waiting. Never rejects: what a handler throws is settled. */
  async #slot(): Promise<void> {
    this.#busy++
    while (this.#rotation.waiting > this.#entering) {
      const entering = this.options.turnstile.enter()
      const turn = isPromise(entering) ? await this.#entered(entering) : entering
      const call = turn && this.#rotation.next()
      if (call) {
        const calling = this.#call(call, turn, () => invokeHandler(this.action, call.input, call))
        if (calling) await calling
        else if (Date.now() >= this.#inOneGoUntil) {
          await nextTurn()
          this.#inOneGoUntil = Date.now() + IN_ONE_GO_MS
        }
      }
      turn?.leave()
      if (!call) break
      if (this.#hungry()) this.#consumer.wake()
    }
    this.#busy--
    this.#consumer.wake()
  }

  async #entered(entering: Promise<Turn | undefined>): Promise<Turn | undefined> {
    this.#entering++
    const turn = await entering
    this.#entering--
    return turn
  }

  /** Calls the handler and settles what comes of it; a promise if that takes longer than this very moment. */
  #call(call: Call, turn: Turn, invoke: () => unknown): Promise<void> | undefined {
    call.batch.begin(call)
    turn.begin()
    try {
      const returned = invoke()
      if (isPromise(returned)) return this.#await(call, returned)
      if (isFileResult(returned) || call.storing) return this.#await(call, Promise.resolve(returned))
      call.batch.succeed(call, returned)
    } catch (error) {
      if (call.storing) return this.#failLater(call, error)
      this.#failed(call, error)
    }
    this.#measure(call)
    return undefined
  }

  async #await(call: Call, returned: PromiseLike<unknown>): Promise<void> {
    try {
      const result = await call.race(returned)
      if (call.storing) await call.filesStored()
      call.batch.succeed(
        call,
        isFileResult(result) ? await call.race(this.options.files.store(result.options)) : result,
      )
    } catch (error) {
      return await this.#failLater(call, error)
    }
    this.#measure(call)
    return undefined
  }

  /** Files that the handler gave to single ids are theirs, whatever it threw later. */
  async #failLater(call: Call, error: unknown): Promise<void> {
    // A call that is told to stop meanwhile is seen below.
    if (call.storing && !call.abortReason) await call.filesStored().catch(() => undefined)
    this.#failed(call, error)
    this.#measure(call)
  }

  #failed(call: Call, error: unknown): void {
    const { batch, abortReason } = call
    if (abortReason instanceof Interruption) batch.leaveOpen(call)
    else if (abortReason instanceof Cancellation) batch.cancel(call)
    else batch.fail(call, abortReason ?? error)
  }

  #measure(call: Call): void {
    const took = Date.now() - call.startedAt
    this.#callMs = Number.isFinite(this.#callMs) ? this.#callMs + SMOOTHING * (took - this.#callMs) : took
  }

  /** A batch that may hold an item which ends its process: call by call, in a process that may die. */
  async #runIsolated(batch: RunningBatch, isolation: Isolation): Promise<void> {
    let process: IsolatedProcess | undefined
    while (batch.callsLeft > 0) {
      const turn = await this.options.turnstile.enter()
      const call = turn && batch.takeCall()
      if (call) {
        if (!process?.isFree) {
          process?.kill()
          process = isolation.spawn(this.action.published.identity)
        }
        const chosen = process
        await this.#call(call, turn, () => chosen.call(call))
      }
      turn?.leave()
      if (!turn) break
    }
    process?.kill()
  }

  /** Tells calls that took too long to stop, and frees the slots of those that do not listen. */
  #sweep(): void {
    const now = Date.now()
    const { timeoutMs } = this.action
    for (const batch of this.#batches) {
      for (const call of batch.inFlight) {
        // Calls stand in the order in which they began.
        if (now - call.startedAt < timeoutMs && !call.abortReason) break
        call.abort(new Error(`timed out after ${timeoutMs} ms`))
        if (now - call.abortedAt >= GRACE_MS && call.abortReason) call.abandon?.(call.abortReason)
      }
    }
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
