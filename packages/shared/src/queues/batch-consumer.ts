import { Job, type JobJson, Queue, UnrecoverableError } from 'bullmq'
import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import { type BatchJobData, runOfJob } from './batch-queues.js'
import { QueueWorker } from './queue-worker.js'

/** How a batch's job ends. */
export type BatchEnd =
  /** It is done; `summary` is the job's return value in the dashboard. */
  | { kind: 'done'; summary: string }
  /** It is done, and the dashboard shows it among the failed ones. */
  | { kind: 'failed'; summary: string }
  /** It is to run again at `at` (epoch ms). */
  | { kind: 'delay'; at: number }
  /** It goes back to the queue for any worker, without spending an attempt. */
  | { kind: 'release' }

/** A batch's job, while this process holds it. */
export interface BatchJob extends BatchJobData {
  /** Unique per holder: the fence of everything that is recorded for the batch. */
  token: string
  /** Aborts when the job's lock was lost: another worker may have the batch now. */
  lost: AbortSignal
  /** Adds a line to the job's log in the dashboard. */
  log(line: string): void
  /** Sets the job's progress in the dashboard, 0 to 100. */
  progress(percent: number): void
}

export interface BatchConsumerOptions {
  /** The action's identity: the queue's name. */
  identity: string
  redis: RedisClient
  keys: Keys
  workerName: string
  /** How long a silent process keeps its batches before another takes them, in ms. */
  lockMs: number
  process(job: BatchJob): Promise<BatchEnd>
  /** How many more batches this process could do with: those whose handler calls it could start, or soon will; 0 for none. */
  appetite(): number
  /** Whether this process has calls of the run that wait for their turn. */
  serves(run: string): boolean
  onError(error: unknown): void
}

/** While full, a process looks this often for batches of other runs: short, so that they get their turn. */
const LOOK_WHILE_FULL_MS = 50
/** Jobs that are fetched side by side, at most, while there are more: one after the other, small runs would wait for each other. */
const MOST_AT_ONCE = 8
/** Waiting jobs that such a look sees. */
const JOBS_PER_LOOK = 200
/** Batches in hand, at most: bounds memory when very many runs are on. */
const MOST_IN_HAND = 500
const PAUSE_AFTER_ERROR_MS = 500

/**
 * The consuming side of BullMQ, for one queue. It fetches jobs itself (BullMQ's "manually processing jobs") for the sake of
 * fairness: a process that has enough to do leaves new batches to idle ones, unless they are of a run of which it has
 * nothing in hand; so each run gets its turn.
 */
export class BatchConsumer {
  #worker: QueueWorker<BatchJobData> | undefined
  #queue: Queue | undefined
  readonly #inHand = new Map<
    string,
    { job: Job<BatchJobData>; lock: string; lost: AbortController; ended: Promise<void> }
  >()
  #fetching: Promise<void> | undefined
  #renewing: NodeJS.Timeout | undefined
  #quiet = false
  #wake: (() => void) | undefined
  #fetched = 0
  #taken = 0

  constructor(private readonly options: BatchConsumerOptions) {}

  async start(): Promise<void> {
    const { identity, redis, keys, lockMs, workerName, onError } = this.options
    const worker = new QueueWorker<BatchJobData>(identity, null, {
      redis,
      prefix: keys.queue(identity),
      name: workerName,
      lockMs,
    })
    worker.on('error', onError)
    this.#worker = worker
    this.#queue = new Queue(identity, { connection: redis, prefix: keys.queue(identity), skipWaitingForReady: true })
    this.#queue.on('error', onError)
    await worker.ready()
    await worker.startStalledCheckTimer()
    this.#renewing = setInterval(() => void this.#renewLocks(worker), lockMs / 2)
    this.#fetching = this.#fetchLoop(worker)
  }

  /** Takes no more jobs; those in hand go on. */
  quiet(): void {
    this.#quiet = true
    this.#wake?.()
  }

  /** Call it when {@link BatchConsumerOptions.appetite} may have grown. */
  wake(): void {
    this.#wake?.()
  }

  /** Resolves when no job is in hand. */
  async drained(): Promise<void> {
    while (this.#inHand.size > 0) await Promise.all([...this.#inHand.values()].map(({ ended }) => ended))
  }

  /** Closes the connections, once the jobs in hand have ended. */
  async stop(): Promise<void> {
    this.quiet()
    await this.drained()
    clearInterval(this.#renewing)
    await this.#worker?.close(true)
    await this.#queue?.close()
    await this.#fetching
  }

  async #fetchLoop(worker: QueueWorker<BatchJobData>): Promise<void> {
    while (!this.#quiet) {
      try {
        if (this.#inHand.size === 0 || this.options.appetite() > 0) {
          if (await this.#fetch(worker, true)) await this.#fetchMore(worker)
        } else {
          await this.#wakeOrPause(LOOK_WHILE_FULL_MS)
          await this.#fetchOtherRuns(worker)
        }
      } catch (error) {
        if (this.#quiet) return
        this.options.onError(error)
        await this.#wakeOrPause(PAUSE_AFTER_ERROR_MS)
      }
    }
  }

  /** Takes the next job; `block`: waits for one. Returns false when there was none to take. */
  async #fetch(worker: QueueWorker<BatchJobData>, block: boolean): Promise<boolean> {
    if (this.#quiet || this.#inHand.size >= MOST_IN_HAND) return false
    const lock = `${worker.id}-${++this.#fetched}`
    const job = await worker.getNextJob(lock, { block })
    if (job) await this.#take(worker, job, lock)
    return job !== undefined
  }

  /** Takes what more is waiting, while it is wanted. */
  async #fetchMore(worker: QueueWorker<BatchJobData>): Promise<void> {
    let more = true
    while (more) {
      const wanted = Math.min(MOST_AT_ONCE, this.options.appetite())
      const fetched = await Promise.all(Array.from({ length: wanted }, () => this.#fetch(worker, false)))
      more = wanted > 0 && fetched.every(Boolean)
    }
  }

  /** Takes jobs, in their order, for as long as one of a run waits of which this process has nothing in hand. */
  async #fetchOtherRuns(worker: QueueWorker<BatchJobData>): Promise<void> {
    const waiting = (await this.#queue?.getRanges(['wait'], 0, JOBS_PER_LOOK - 1, true)) ?? []
    const last = waiting.findLastIndex((id) => !this.options.serves(runOfJob(id)))
    for (let at = 0; at <= last && this.options.appetite() === 0; at++) {
      if (!(await this.#fetch(worker, false))) return
    }
  }

  #wakeOrPause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#wake = done
    })
  }

  /** `lock`: BullMQ's token of the job; one that came with another's end has the same. {@link BatchJob.token} is unique. */
  async #take(worker: QueueWorker<BatchJobData>, job: Job<BatchJobData>, lock: string): Promise<void> {
    if (this.#quiet) return void (await job.moveToWait(lock))
    const id = job.id ?? ''
    const lost = new AbortController()
    const ended = this.#process(worker, job, lock, lost.signal).finally(() => this.#inHand.delete(id))
    this.#inHand.set(id, { job, lock, lost, ended })
  }

  async #process(
    worker: QueueWorker<BatchJobData>,
    job: Job<BatchJobData>,
    lock: string,
    lost: AbortSignal,
  ): Promise<void> {
    const { onError } = this.options
    const { run, batch, generation, ended } = job.data
    const processing = ended
      ? Promise.resolve(ended)
      : this.options.process({
          run,
          batch,
          generation,
          token: `${worker.id}-${++this.#taken}`,
          lost,
          log: (line) => void job.log(line).catch(onError),
          progress: (percent) => void job.updateProgress(percent).catch(onError),
        })
    const end = await processing.catch((error: unknown): BatchEnd => {
      onError(error)
      return { kind: 'delay', at: Date.now() + PAUSE_AFTER_ERROR_MS }
    })
    try {
      if (end.kind === 'done') await this.#complete(worker, job, lock, end.summary)
      else if (end.kind === 'failed') await job.moveToFailed(new UnrecoverableError(end.summary), lock, false)
      else if (end.kind === 'delay') await job.moveToDelayed(end.at, lock)
      else await job.moveToWait(lock)
    } catch (error) {
      // The batch's outcomes are recorded by now. A job whose lock was lost is found again as stalled, and ends then.
      onError(error)
    }
  }

  /** Ends the job; the same command brings the next one, if more is wanted. */
  async #complete(
    worker: QueueWorker<BatchJobData>,
    job: Job<BatchJobData>,
    lock: string,
    summary: string,
  ): Promise<void> {
    const more = !this.#quiet && this.options.appetite() > 0
    const [data, id] = ((await job.moveToCompleted(summary, lock, more)) ?? []) as [JobJson?, string?]
    if (data) await this.#take(worker, Job.fromJSON<BatchJobData>(worker, data, id), lock)
  }

  async #renewLocks(worker: QueueWorker<BatchJobData>): Promise<void> {
    const held = [...this.#inHand.entries()]
    if (held.length === 0) return
    try {
      const failed = await worker.extendJobLocks(
        held.map(([id]) => id),
        held.map(([, { lock }]) => lock),
        this.options.lockMs,
      )
      for (const id of failed) this.#inHand.get(id)?.lost.abort(new Error('the lock of the batch was lost'))
    } catch (error) {
      this.options.onError(error)
    }
  }
}
