import { Job, type JobsOptions, Queue } from 'bullmq'
import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import type { Run } from '../runs/run.js'
import type { QueueDepth } from '../views/index.js'
import type { ToQueue } from '../runs/run-store.js'

/** What a batch's job carries: ids and outcomes live with the run. */
export interface BatchJobData {
  run: string
  batch: number
  /** Of the run when the batch was queued: a job that was queued before a pause or a retry counts no more. */
  generation: number
  /** The batch has ended already, without a job: this one only shows it in the dashboard. */
  ended?: EndedBatch['end']
}

/** A batch that has ended without a job. */
export interface EndedBatch {
  run: QueuedRun & Pick<Run, 'createdAt' | 'generation'>
  batch: number
  end: { kind: 'done' | 'failed'; summary: string }
  /** What its handlers wrote to the job's log. */
  lines: readonly string[]
}

export interface BatchQueuesOptions {
  redis: RedisClient
  keys: Keys
  onError: (error: Error) => void
}

/** Ended jobs that stay visible in the dashboard, per queue. What happened to records is kept with the runs. */
const KEPT_JOBS = { count: 1_000, age: 24 * 3_600, limit: 1_000 }

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
  readonly #adding = new Set<Promise<unknown>>()

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

  /**
   * Queues batches of a run, to be run at once or not before `at` (epoch ms). Harmless when one is queued already: its job's id
   * follows from run, batch and generation.
   */
  async add(run: QueuedRun, toQueue: ToQueue, at?: number): Promise<void> {
    await this.#untilClosed(this.#add(run, toQueue, at))
  }

  /** Makes jobs of batches that have ended without one; workers end them at once. */
  async addEnded(batches: readonly EndedBatch[]): Promise<void> {
    const queues = new Map<Queue, EndedBatch[]>()
    for (const batch of batches) {
      const queue = this.get(batch.run.identity)
      queues.set(queue, [...(queues.get(queue) ?? []), batch])
    }
    await this.#untilClosed(Promise.all([...queues].map((entry) => this.#addEnded(...entry))))
  }

  async #untilClosed(adding: Promise<unknown>): Promise<void> {
    this.#adding.add(adding)
    try {
      await adding
    } finally {
      this.#adding.delete(adding)
    }
  }

  async #addEnded(queue: Queue, batches: readonly EndedBatch[]): Promise<void> {
    await queue.addBulk(
      batches.map(({ run, batch, end }) => ({
        name: jobName(run, batch),
        data: { run: run.id, batch, generation: run.generation, ended: end } satisfies BatchJobData,
        // Last in, first out: nothing is to be done for them.
        opts: { ...JOB_OPTIONS, jobId: jobId(run.id, batch, run.generation), timestamp: run.createdAt, lifo: true },
      })),
    )
    for (const { run, batch, lines } of batches)
      for (const line of lines) await Job.addJobLog(queue, jobId(run.id, batch, run.generation), line)
  }

  async #add(run: QueuedRun, { batches, generation }: ToQueue, at?: number): Promise<void> {
    const delay = at === undefined ? {} : { delay: Math.max(0, at - Date.now()) }
    const jobs = batches.map((batch) => ({
      name: jobName(run, batch),
      data: { run: run.id, batch, generation } satisfies BatchJobData,
      opts: { ...JOB_OPTIONS, ...delay, jobId: jobId(run.id, batch, generation) },
    }))
    const [first] = jobs
    if (first && jobs.length === 1) await this.get(run.identity).add(first.name, first.data, first.opts)
    else if (first) await this.get(run.identity).addBulk(jobs)
  }

  /** Sees to it that these batches have a job that is still to end; returns how many had none. */
  async ensure(run: QueuedRun, batches: readonly { batch: number; generation: number }[]): Promise<number> {
    const queue = this.get(run.identity)
    let missing = 0
    for (const { batch, generation } of batches) {
      const job = await queue.getJob(jobId(run.id, batch, generation))
      if (job && job.finishedOn === undefined) continue
      // An ended job that is kept for the dashboard would stand in the way of a new one under the same id.
      await job?.remove()
      await this.add(run, { batches: [batch], generation })
      missing++
    }
    return missing
  }

  /** How many jobs a queue holds, by state. */
  async depth(identity: string): Promise<QueueDepth> {
    const queue = this.get(identity)
    const [counts, [oldest]] = await Promise.all([
      queue.getJobCounts('waiting', 'active', 'delayed', 'failed'),
      queue.getJobs(['waiting'], 0, 0, true),
    ])
    const { waiting = 0, active = 0, delayed = 0, failed = 0 } = counts
    const oldestWaitMs = oldest && Math.max(0, Date.now() - oldest.timestamp)
    return { waiting, active, delayed, failed, ...(oldestWaitMs !== undefined && { oldestWaitMs }) }
  }

  /** What handlers wrote to a batch's log: its last lines, at most `most`. */
  async logOf(run: Pick<Run, 'id' | 'identity' | 'generation'>, batch: number, most: number): Promise<string[]> {
    const lines: string[] = []
    for (let generation = 0; generation <= run.generation; generation++) {
      const { logs } = await this.get(run.identity).getJobLogs(jobId(run.id, batch, generation), -most, -1, true)
      lines.push(...logs)
    }
    return lines.slice(-most)
  }

  /** Closes every queue, once what is being added is there; the connection stays open, it is the caller's. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#adding)
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()))
    this.#queues.clear()
  }
}

/** Follows from what it is for, so that queuing one twice is harmless. */
function jobId(run: string, batch: number, generation: number): string {
  return generation === 0 ? `${run}-${batch}` : `${run}-${batch}-${generation}`
}

/** The run that a batch's job is of. */
export function runOfJob(id: string): string {
  return id.slice(0, id.indexOf('-'))
}

/** What the dashboard shows: "run 0… items 101–200". */
function jobName(run: QueuedRun, batch: number): string {
  const from = batch * run.batchSize + 1
  const to = Math.min(run.total, from + run.batchSize - 1)
  return from === to ? `run ${run.id} item ${from}` : `run ${run.id} items ${from}–${to}`
}
