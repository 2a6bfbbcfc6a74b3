import { type JobsOptions, Queue } from 'bullmq'
import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'

/** What a batch's job carries: ids and outcomes live with the run. */
export interface BatchJobData {
  run: string
  batch: number
}

export interface BatchQueuesOptions {
  redis: RedisClient
  keys: Keys
  onError: (error: Error) => void
}

/** Ended jobs that stay visible in the dashboard, per queue. What happened to records is kept with the runs. */
const KEPT_JOBS = { count: 1_000, age: 24 * 3_600 }

const JOB_OPTIONS: JobsOptions = { attempts: 1, removeOnComplete: KEPT_JOBS, removeOnFail: KEPT_JOBS }

/** What {@link BatchQueues.add} needs to know of a run. */
export interface QueuedRun {
  id: string
  identity: string
  total: number
  batchSize: number
}

/** The producing side of BullMQ: one queue per action, opened at first use. */
export class BatchQueues {
  readonly #queues = new Map<string, Queue>()

  constructor(private readonly options: BatchQueuesOptions) {}

  /** The queue of an action's identity. */
  get(identity: string): Queue {
    let queue = this.#queues.get(identity)
    if (!queue) {
      const { redis, keys, onError } = this.options
      queue = new Queue(identity, { connection: redis, prefix: keys.queue(identity), skipWaitingForReady: true })
      queue.on('error', onError)
      this.#queues.set(identity, queue)
    }
    return queue
  }

  /** Queues batches of a run. Harmless when one is queued already: its job's id follows from run and batch. */
  async add(run: QueuedRun, batches: readonly number[]): Promise<void> {
    const jobs = batches.map((batch) => ({
      name: jobName(run, batch),
      data: { run: run.id, batch } satisfies BatchJobData,
      opts: { ...JOB_OPTIONS, jobId: jobId(run.id, batch) },
    }))
    const [first] = jobs
    if (first && jobs.length === 1) await this.get(run.identity).add(first.name, first.data, first.opts)
    else if (first) await this.get(run.identity).addBulk(jobs)
  }

  /** Sees to it that these batches have a job that is still to end; returns how many had none. */
  async ensure(run: QueuedRun, batches: readonly number[]): Promise<number> {
    const queue = this.get(run.identity)
    const missing: number[] = []
    for (const batch of batches) {
      const job = await queue.getJob(jobId(run.id, batch))
      // An ended job that is kept for the dashboard would stand in the way of a new one under the same id.
      if (job?.finishedOn !== undefined) await job.remove()
      if (!job || job.finishedOn !== undefined) missing.push(batch)
    }
    await this.add(run, missing)
    return missing.length
  }

  /** Closes every queue; the connection stays open, it is the caller's. */
  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()))
    this.#queues.clear()
  }
}

/** Follows from run and batch, so that queuing one twice is harmless. */
function jobId(run: string, batch: number): string {
  return `${run}-${batch}`
}

/** What the dashboard shows: "run 0… items 101–200". */
function jobName(run: QueuedRun, batch: number): string {
  const from = batch * run.batchSize + 1
  const to = Math.min(run.total, from + run.batchSize - 1)
  return from === to ? `run ${run.id} item ${from}` : `run ${run.id} items ${from}–${to}`
}
