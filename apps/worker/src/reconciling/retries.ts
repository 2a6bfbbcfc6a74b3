import type { BatchJobData, JobQueue, JobQueues, TakenJob } from '@flexaction/shared/queues'
import { batchJob, batchJobId } from '@flexaction/shared/queues'
import type { Keys, RedisClient, RedisClock } from '@flexaction/shared/redis'

export interface RetriesOptions {
  redis: RedisClient
  keys: Keys
  clock: RedisClock
  queues: JobQueues
  onError(error: unknown): void
}

/** Batches that are called back at once, at most. */
const PER_LOOK = 500
/** Longest time that a timer can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Batches that wait for a retry of their items, by Redis's time: a list of what is due when. The worker that has delayed a
 * batch calls it back in time; if it is gone by then, the leader does it a moment later.
 */
export class Retries {
  #timer: NodeJS.Timeout | undefined
  #nextAt = Number.POSITIVE_INFINITY
  #calling: Promise<void> = Promise.resolve()

  constructor(private readonly options: RetriesOptions) {}

  /** Takes a batch's job aside until `at`. Its run says already that it waits. */
  async delay(queue: JobQueue<BatchJobData>, job: TakenJob & { data: BatchJobData }, at: number): Promise<void> {
    // Entered first: a job that is delayed and in no list would never be called back.
    await Promise.all([this.enter(queue.name, job.data, at), queue.delay(job, at)])
    this.#callAt(at)
  }

  async enter(identity: string, job: BatchJobData, at: number): Promise<void> {
    await this.options.redis.zadd(this.options.keys.dueRetries, at, memberOf(identity, job))
  }

  /** Whether a batch stands in the list. */
  async has(identity: string, job: BatchJobData): Promise<boolean> {
    return (await this.options.redis.zscore(this.options.keys.dueRetries, memberOf(identity, job))) !== null
  }

  /** Calls back what is due. Harmless when several processes do it at once. */
  async callDue(): Promise<void> {
    const { redis, keys, clock, queues } = this.options
    const due = await redis.zrangebyscore(keys.dueRetries, 0, String(clock.now()), 'LIMIT', 0, PER_LOOK)
    await Promise.all(
      due.map(async (member) => {
        const { identity, job } = parseMember(member)
        const queue = queues.batches(identity)
        // It may stand in the queue already, or be lost with it.
        await queue.callBack(batchJobId(job)).catch(() => queue.ensure(plainJob(job)))
        await redis.zrem(keys.dueRetries, member)
      }),
    )
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#nextAt = Number.NEGATIVE_INFINITY
    await this.#calling
  }

  #callAt(at: number): void {
    if (at >= this.#nextAt) return
    this.#nextAt = at
    clearTimeout(this.#timer)
    const wait = Math.max(0, at - this.options.clock.now())
    this.#timer = setTimeout(() => this.#callMine(), Math.min(LONGEST_TIMER_MS, wait))
  }

  #callMine(): void {
    this.#nextAt = Number.POSITIVE_INFINITY
    this.#calling = this.#callAndLookOn().catch(this.options.onError)
  }

  async #callAndLookOn(): Promise<void> {
    await this.callDue()
    const [, at] = await this.options.redis.zrange(this.options.keys.dueRetries, '0', '0', 'WITHSCORES')
    if (at !== undefined) this.#callAt(Number(at))
  }
}

function memberOf(identity: string, { run, batch, generation }: BatchJobData): string {
  return `${run} ${batch} ${generation} ${identity}`
}

function parseMember(member: string): { identity: string; job: BatchJobData } {
  const [run = '', batch, generation, ...identity] = member.split(' ')
  return { identity: identity.join(' '), job: { run, batch: Number(batch), generation: Number(generation) } }
}

/** A job whose run is not known here: its name in the dashboard says less. */
function plainJob({ run, batch, generation }: BatchJobData): ReturnType<typeof batchJob> {
  return batchJob({ id: run, identity: '', total: 0, batchSize: 1 }, batch, generation, false)
}
