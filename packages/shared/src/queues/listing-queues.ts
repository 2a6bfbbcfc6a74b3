import { DelayedError, type Job, Queue, WaitingError } from 'bullmq'
import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import { QueueWorker } from './queue-worker.js'

interface ListingJobData {
  run: string
}

export interface ListingQueuesOptions {
  redis: RedisClient
  keys: Keys
  onError: (error: Error) => void
}

/** One queue per collection: runs whose records a worker is to list. */
export class ListingQueues {
  readonly #queues = new Map<string, Queue<ListingJobData>>()

  constructor(private readonly options: ListingQueuesOptions) {}

  /** Sees to it that the run's records are listed. Harmless when they are already being listed. */
  async ensure(run: string, collection: string): Promise<void> {
    const queue = this.#queue(collection)
    const job = await queue.getJob(run)
    if (job?.finishedOn !== undefined) await job.remove()
    await queue.add('list', { run }, { jobId: run, removeOnComplete: true, removeOnFail: true })
  }

  #queue(collection: string): Queue<ListingJobData> {
    let queue = this.#queues.get(collection)
    if (!queue) {
      const { redis, keys, onError } = this.options
      const name = queueName(collection)
      queue = new Queue(name, { connection: redis, prefix: keys.queue(name), skipWaitingForReady: true })
      queue.on('error', onError)
      this.#queues.set(collection, queue)
    }
    return queue
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()))
    this.#queues.clear()
  }
}

/** How a listing's job ends: `done`; `later`: again after a pause; `release`: by whichever worker, now. */
export type ListingEnd = { kind: 'done' } | { kind: 'later'; at: number } | { kind: 'release' }

export interface ListingConsumerOptions extends ListingQueuesOptions {
  collection: string
  /** How long a silent process keeps a listing before another takes it over, in ms. */
  lockMs: number
  process(run: string): Promise<ListingEnd>
}

/** Listings at once, per collection and process. */
const AT_ONCE = 4

/** The consuming side: takes listings of one collection. */
export class ListingConsumer {
  #worker: QueueWorker<ListingJobData> | undefined

  constructor(private readonly options: ListingConsumerOptions) {}

  async start(): Promise<void> {
    const { redis, keys, lockMs, collection, onError } = this.options
    const name = queueName(collection)
    this.#worker = new QueueWorker<ListingJobData>(name, (job, token) => this.#process(job, token), {
      redis,
      prefix: keys.queue(name),
      concurrency: AT_ONCE,
      lockMs,
    })
    this.#worker.on('error', onError)
    this.#worker.on('failed', (_, error) => onError(error))
    await this.#worker.ready()
  }

  /** Waits for the listings in hand, which their owner has told to stop. */
  async stop(): Promise<void> {
    await this.#worker?.close()
  }

  async #process(job: Job<ListingJobData>, token: string | undefined): Promise<void> {
    const end = await this.options.process(job.data.run)
    if (end.kind === 'later') {
      await job.moveToDelayed(end.at, token)
      throw new DelayedError()
    }
    if (end.kind === 'release') {
      await job.moveToWait(token)
      throw new WaitingError()
    }
  }
}

function queueName(collection: string): string {
  return `list.${collection}`
}
