import { type Processor, Worker } from 'bullmq'
import type { RedisClient } from '../redis/connect.js'
import { breakConnection, watchConnection } from '../redis/watchdog.js'

export interface QueueWorkerOptions {
  redis: RedisClient
  /** Of the queue's keys. */
  prefix: string
  /** Shown in Redis's CLIENT LIST. */
  name?: string
  /** Jobs at once, where BullMQ fetches them; default 1. */
  concurrency?: number
  /** How long a silent process keeps its jobs before another takes them, in ms. */
  lockMs: number
}

/**
 * How long one command waits for a job, in s. Until it is over a dead connection looks like a queue without jobs, and Redis,
 * which may not have noticed either, may wake up the dead one instead of a living one. A round costs two small commands.
 */
const WAIT_S = 1

/**
 * BullMQ's Worker, with a watch over the connection on which it waits for jobs. That one is BullMQ's own; BullMQ by itself
 * takes up to 8 s to give it up when it is dead.
 */
export class QueueWorker<Data> extends Worker<Data> {
  #endWatch: (() => void) | undefined

  /** `process`: null when jobs are fetched by hand. */
  constructor(
    queue: string,
    process: Processor<Data> | null,
    private readonly options: QueueWorkerOptions,
  ) {
    const { redis, prefix, name, concurrency, lockMs } = options
    super(queue, process, {
      connection: redis,
      prefix,
      ...(name !== undefined && { name }),
      ...(concurrency !== undefined && { concurrency }),
      autorun: process !== null,
      drainDelay: WAIT_S,
      lockDuration: lockMs,
      stalledInterval: Math.ceil(lockMs / 2),
      // Whether an item may be tried again is decided per item, never by BullMQ for a whole job.
      maxStalledCount: 1_000_000,
    })
  }

  /** BullMQ would wait for up to 10 s when jobs are delayed, or after an error. */
  override get maximumBlockTimeout(): number {
    return WAIT_S
  }

  /** Resolves when it can take jobs; from then on it is watched. Call it once. (BullMQ calls its waitUntilReady again and again.) */
  async ready(): Promise<void> {
    await this.waitUntilReady()
    const { redis } = this.options
    const waiting = (await this.backend.blockingClient) as unknown as RedisClient
    const endWatch = watchConnection(waiting, { blockedForMs: WAIT_S * 1_000 })
    // Both go the same way, and the other one, which is asked all the time, is found dead sooner.
    const breakToo = (): void => breakConnection(waiting)
    redis.on('close', breakToo)
    this.#endWatch = () => {
      endWatch()
      redis.off('close', breakToo)
    }
  }

  override close(force?: boolean): Promise<void> {
    this.#endWatch?.()
    return super.close(force)
  }
}
