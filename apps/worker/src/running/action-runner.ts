import type { FileStore } from '@flexaction/shared/files'
import type { History } from '@flexaction/shared/history'
import type { Logger } from '@flexaction/shared/logging'
import {
  type BatchJobData,
  type Consumer,
  type JobQueue,
  type JobQueues,
  readBatchJob,
  type TakenJob,
} from '@flexaction/shared/queues'
import type { Outages, RedisClock } from '@flexaction/shared/redis'
import type { Keyring } from '@flexaction/shared/secrets'
import { type Backlog, type KnownRun, type RunStore, type StartedBatch, windowFor } from '@flexaction/shared/runs'
import type { Isolation } from '../isolating/isolated-process.js'
import type { Limiter } from '../limiting/limiter.js'
import type { WorkerMetrics } from '../metrics/worker-metrics.js'
import type { OwnedBatches } from '../owning/owned-batches.js'
import type { Retries } from '../reconciling/retries.js'
import { Interruption } from './call.js'
import { CallMaker } from './call-maker.js'
import type { Commanded, RunCommand } from './run-commands.js'
import type { RunnableAction } from './runnable-action.js'
import type { BatchEnd } from './batch-options.js'
import { RunningBatch } from './running-batch.js'
import { Slots } from './slots.js'

export interface ActionRunnerOptions {
  store: RunStore
  queues: JobQueues
  backlog: Backlog
  files: FileStore
  keyring: Keyring
  history: History
  metrics: WorkerMetrics
  outages: Pick<Outages, 'note'>
  clock: RedisClock
  /** Shown in the dashboard as who took a job. */
  workerName: string
  logger: Logger
  onError(error: unknown): void
  owned: OwnedBatches
  retries: Retries
  limiter: Limiter
  /** Runs single calls in processes of their own; absent: batches are never isolated. */
  isolation: Isolation | undefined
  /** Live workers: more of them widen a run's window. */
  liveWorkers(): number
  /** More jobs could be begun now. */
  onGrown(runner: ActionRunner): void
  /** A run whose batch this worker lost may have batches that nobody has queued. */
  onLost(run: string): void
}

/** A batch whose workers died this often is run in a process of its own, one call at a time. */
const ISOLATED_AFTER = 2
/** What is said of a job that nobody but this product may make. */
const NOT_MADE_HERE = 'this job was not made for a batch of a run of this action: nothing was done'
/** Records of one batch that are named in the log. */
const MOST_NAMED = 5

/** A batch that is being started: what is commanded to its run meanwhile must not be missed. */
interface Starting {
  run: string
  heard: RunCommand | undefined
  lost: boolean
}

/** Runs the batches of one action in this process: takes their jobs, has their calls made, and ends the jobs. */
export class ActionRunner implements Consumer<BatchJobData>, Commanded {
  readonly queue: JobQueue<BatchJobData>
  readonly #batches = new Set<RunningBatch>()
  readonly #starting = new Set<Starting>()
  readonly #processing = new Set<Promise<void>>()
  /** What is known of the runs of which batches are in hand. */
  readonly #known = new Map<string, KnownRun>()
  readonly #slots: Slots
  #quiet = false

  constructor(
    private readonly action: RunnableAction,
    private readonly options: ActionRunnerOptions,
  ) {
    this.queue = options.queues.batches(action.published.identity)
    this.#slots = new Slots(action, {
      limiter: options.limiter,
      isolation: options.isolation,
      calls: new CallMaker(action, options.files),
      durations: options.metrics.calls.of(action.published.identity),
      batches: () => this.#batches,
      onFreed: () => options.onGrown(this),
      takeFirst: () => this.#takeFirst(),
      certain: () => options.owned.certain,
      onError: options.onError,
    })
  }

  start(): void {
    this.options.limiter.start()
    this.#slots.start()
  }

  /** Of its action. */
  get identity(): string {
    return this.action.published.identity
  }

  /** Most handler calls at once. */
  get slots(): number {
    return this.action.slots
  }

  /** Handler calls that are going on. */
  get busy(): number {
    return this.#slots.busy
  }

  /** Measured length of a call, in ms; `undefined` before the first one has ended. */
  get callMs(): number | undefined {
    return this.#slots.callMs
  }

  capacity(): number {
    if (this.#quiet || !this.options.owned.certain) return 0
    return this.#slots.capacity(this.#starting.size)
  }

  /** What is being called, for the log: at most a few records of each batch. */
  inHand(): string[] {
    return [...this.#batches].flatMap((batch) => {
      const ids = [...batch.inFlight].slice(0, MOST_NAMED).map(({ first }) => String(batch.ids[first] ?? 'no record'))
      const more = batch.inFlight.size > MOST_NAMED ? ' …' : ''
      return ids.length > 0 ? [`action ${this.identity}, run ${batch.runId}: ${ids.join(', ')}${more}`] : []
    })
  }

  runsInHand(): Iterable<string> {
    return new Set([...this.#batches].map(({ runId }) => runId))
  }

  /** The run was paused or halted, or given up: nothing more of it is begun. */
  apply(run: string, command: RunCommand): void {
    for (const batch of this.#batches) if (batch.runId === run) batch.apply(command)
    for (const starting of this.#starting) if (starting.run === run) starting.heard = command
  }

  /** Takes no more batches. */
  quiet(): void {
    this.#quiet = true
  }

  /** Resolves when every batch in hand has ended. */
  async drained(): Promise<void> {
    while (this.#processing.size > 0) await Promise.all(this.#processing)
  }

  /** Handlers see their signal abort, get a moment to end, and what is left of their batches is given back. */
  async abort(graceMs: number): Promise<void> {
    const reason = new Interruption('the worker is shutting down')
    for (const batch of this.#batches) batch.interrupt(reason)
    const grace = setTimeout(() => {
      for (const batch of this.#batches) batch.abandon()
    }, graceMs)
    await this.drained()
    clearTimeout(grace)
  }

  stop(): void {
    this.options.limiter.stop()
    this.#slots.stop()
  }

  /** `onEntered`: called when its calls are in hand, or it has none. */
  process(job: TakenJob, onEntered: () => void = () => undefined): void {
    const processing = this.#process(job, onEntered)
      .catch(this.options.onError)
      .finally(() => {
        this.#processing.delete(processing)
        onEntered()
      })
    this.#processing.add(processing)
  }

  /** Before a slot goes on with calls in hand: a run of which nobody has anything in hand yet gets its turn. */
  async #takeFirst(): Promise<void> {
    if (this.#quiet || !(await this.queue.hasFirst())) return
    const job = await this.queue.take(this.options.workerName)
    if (job && this.#quiet) await this.queue.giveBack(job.id)
    else if (job) await new Promise<void>((resolve) => this.process(job, resolve))
  }

  async #process(job: TakenJob, onEntered: () => void): Promise<void> {
    const data = readBatchJob(job)
    if (!data) return await this.#end(job, NOT_MADE_HERE, true)
    const starting: Starting = { run: data.run, heard: undefined, lost: false }
    let batch: RunningBatch | undefined
    const owned = this.options.owned.add({
      run: data.run,
      batch: data.batch,
      onLost: () => {
        starting.lost = true
        batch?.lose()
      },
    })
    this.#starting.add(starting)
    let end: BatchEnd | undefined
    try {
      const start = this.options.store.start(this.identity, data, owned.token, this.#known.get(data.run))
      const started = await start.finally(() => this.#starting.delete(starting))
      if (started === 'foreign') return await this.#end(job, NOT_MADE_HERE, true)
      if (started) {
        batch = this.#makeBatch(job, started)
        if (starting.lost) batch.lose()
        if (starting.heard) batch.apply(starting.heard)
        end = await this.#run(batch, started, onEntered)
      }
    } catch (error) {
      this.options.onError(error)
      return await this.#end(job, 'the batch could not be started: see the log of the worker', true)
    } finally {
      owned.remove()
    }
    if (!end) await this.#end(job, 'nothing to do: the batch has ended, or waits for its run to go on', false)
    else if (end.kind === 'done') await this.#end(job, end.summary, end.failed)
    else if (end.kind === 'delay') await this.options.retries.delay(this.queue, { ...job, data }, end.at)
    else await this.queue.giveBack(job.id)
    this.options.onGrown(this)
  }

  async #end(job: TakenJob, summary: string, failed: boolean): Promise<void> {
    const next = await this.queue.end(job.id, summary, failed, this.capacity() > 0)
    if (next && this.#quiet) await this.queue.giveBack(next.id)
    else if (next) this.process(next)
  }

  #makeBatch(job: TakenJob, started: StartedBatch): RunningBatch {
    const { onError, liveWorkers, onLost } = this.options
    const callsPerBatch = Math.ceil(started.run.batchSize / this.action.itemsPerCall)
    const batch: RunningBatch = new RunningBatch({
      ...this.options,
      action: this.action,
      started,
      alone: this.#isAlone(started),
      queuedAt: job.addedAt,
      log: (lines) => this.queue.log(job.id, lines).catch(onError),
      progress: (percent) => void this.queue.progress(job.id, percent).catch(onError),
      onDropped: (calls) => this.#slots.drop(batch, calls),
      onLost: () => onLost(started.run.id),
      window: () => windowFor(callsPerBatch, liveWorkers(), this.action.slots),
    })
    return batch
  }

  #isAlone({ interruptions }: StartedBatch): boolean {
    return this.options.isolation !== undefined && interruptions >= ISOLATED_AFTER
  }

  async #run(batch: RunningBatch, started: StartedBatch, onEntered: () => void): Promise<BatchEnd> {
    const { run, form, sealed } = started
    this.#known.set(run.id, { run, form, sealed })
    this.#batches.add(batch)
    if (started.batch === 0 && run.generation === 0) {
      const { history, clock } = this.options
      history.started(run.identity, clock.now() - run.createdAt)
    }
    this.#slots.add(batch, this.#isAlone(started))
    onEntered()
    try {
      return await batch.finished
    } finally {
      this.#batches.delete(batch)
      if (![...this.#batches].some(({ runId }) => runId === run.id)) this.#known.delete(run.id)
    }
  }
}
