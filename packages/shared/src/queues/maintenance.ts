import { Queue, Worker } from 'bullmq'
import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'

export interface MaintenanceOptions {
  redis: RedisClient
  keys: Keys
  /** Pause between two passes, in ms. */
  everyMs: number
  /** One pass. Of all the processes, one works at a time. */
  work(): Promise<void>
  onError(error: unknown): void
}

const NAME = 'maintenance'

/** Calls `work` every so often, in one of the processes that have started it: a BullMQ job scheduler. */
export class Maintenance {
  #queue: Queue | undefined
  #worker: Worker | undefined

  constructor(private readonly options: MaintenanceOptions) {}

  async start(): Promise<void> {
    const { redis, keys, everyMs, work, onError } = this.options
    const connection = { connection: redis, prefix: keys.queue(NAME) }
    this.#queue = new Queue(NAME, connection)
    this.#queue.on('error', onError)
    this.#worker = new Worker(NAME, () => work(), connection)
    this.#worker.on('error', onError)
    this.#worker.on('failed', (_, error) => onError(error))
    const kept = { removeOnComplete: 1, removeOnFail: 10 }
    await this.#queue.upsertJobScheduler('pass', { every: everyMs }, { name: 'pass', opts: kept })
  }

  async stop(): Promise<void> {
    await this.#worker?.close()
    await this.#queue?.close()
  }
}
