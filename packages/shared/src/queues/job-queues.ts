import { encodeName } from '../redis/encode-name.js'
import { JobQueue, type JobQueueOptions } from './job-queue.js'

/** What a batch's job carries: ids and outcomes live with the run. */
export interface BatchJobData {
  run: string
  batch: number
  /** Of the run when the batch was queued: a job that was queued before a pause or a retry counts no more. */
  generation: number
}

/** What the job of a listing carries. */
export interface ListingJobData {
  run: string
}

/** The queues of an installation, opened at first use: one per action, and one per collection for runs that are listed. */
export class JobQueues {
  readonly #queues = new Map<string, JobQueue<unknown>>()

  constructor(private readonly options: JobQueueOptions) {}

  /** The batches of an action, by its identity. */
  batches(identity: string): JobQueue<BatchJobData> {
    return this.named(identity) as JobQueue<BatchJobData>
  }

  /** The runs on records of a collection that are to be listed. */
  listings(collection: string): JobQueue<ListingJobData> {
    return this.named(listingQueueName(collection)) as JobQueue<ListingJobData>
  }

  /** Closes every queue; the connection stays open, it is the caller's. */
  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()))
    this.#queues.clear()
  }

  named(name: string): JobQueue<unknown> {
    let queue = this.#queues.get(name)
    if (!queue) {
      queue = new JobQueue<unknown>(name, this.options)
      this.#queues.set(name, queue)
    }
    return queue
  }
}

/** No action's identity begins like this: names of actions hold no space. */
const LISTING = 'list '

/** The name of the queue of runs on a collection that are to be listed. Their number is counted under it, too (Backlog). */
export function listingQueueName(collection: string): string {
  return LISTING + encodeName(collection)
}
