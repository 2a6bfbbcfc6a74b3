import { Job, type JobJson, type JobsOptions, Queue } from 'bullmq'
import type { RedisClient } from '../redis/connect.js'
import type { RedisClock } from '../redis/clock.js'
import type { Keys } from '../redis/keys.js'
import type { QueueDepth } from '../views/index.js'

/** A job that this process has taken. */
export interface TakenJob {
  id: string
  /** As it stands in Redis, where anybody may have written it; `undefined` for what is no JSON. */
  data: unknown
  /** Epoch ms, in Redis's time. */
  addedAt: number
}

/** A job to add. `first`: it stands before all that are not. */
export interface NewJob<Data> {
  id: string
  name: string
  data: Data
  first: boolean
}

/** Ended jobs that stay visible in the dashboard, per queue. What happened to records is kept with the runs. */
const KEPT_JOBS = { count: 1_000 }
const JOB_OPTIONS: JobsOptions = { attempts: 1, removeOnComplete: KEPT_JOBS, removeOnFail: KEPT_JOBS }
/** Jobs with a priority stand behind those without. */
const BEHIND = 1
/**
 * BullMQ's token for "without a lock". Who owns a batch or a listing is decided by its run (lua/lib/run.lua), and by nothing else;
 * so any process may end or give back any job.
 */
const NO_LOCK = '0'
/**
 * BullMQ ends a job's delay by the clock of whichever machine looks; delays here end by Redis's. So a delayed job is given
 * three years, and is called back when its time has come. (BullMQ's scores do not reach beyond 2039.)
 */
const THREE_YEARS_MS = 94_608_000_000
/** BullMQ's stream of events, which nobody here reads: as few are kept as it lets one. */
const MOST_EVENTS = 100
/** A job that is so old stands where it belongs, in ms. */
const SETTLED_AFTER_MS = 10_000
/** Lines that are kept of a job's log. */
const MOST_LINES = 10_000

export interface JobQueueOptions {
  redis: RedisClient
  keys: Keys
  clock: Pick<RedisClock, 'now'>
  /** Kept with the jobs that are taken: who has taken them. */
  workerName?: string
  onError: (error: unknown) => void
}

/** One BullMQ queue, as both sides use it. The only place that knows BullMQ. */
export class JobQueue<Data> {
  readonly #queue: Queue
  readonly #redis: RedisClient
  readonly #adding = new Set<Promise<unknown>>()

  constructor(
    readonly name: string,
    private readonly options: JobQueueOptions,
  ) {
    const { redis, keys, workerName, onError } = options
    this.#redis = redis
    this.#queue = new Queue(name, {
      connection: redis,
      prefix: keys.queue(name),
      skipWaitingForReady: true,
      streams: { events: { maxLen: MOST_EVENTS } },
      // BullMQ reads it when the end of a job brings the next one; its types know it of workers alone.
      ...(workerName !== undefined && { name: workerName }),
    })
    this.#queue.on('error', onError)
  }

  /** For the dashboard. */
  get bullmq(): Queue {
    return this.#queue
  }

  /** What a worker waits for: it has a member when a job may be waiting. */
  get marker(): string {
    return this.#queue.keys.marker ?? ''
  }

  /** Adds jobs. Harmless for those that are there already: a job is known by its id. */
  async add(jobs: readonly NewJob<Data>[]): Promise<void> {
    const adding = this.#add(jobs)
    this.#adding.add(adding)
    try {
      await adding
    } finally {
      this.#adding.delete(adding)
    }
  }

  async #add(jobs: readonly NewJob<Data>[]): Promise<void> {
    const timestamp = this.options.clock.now()
    const ready = jobs.map(({ id, name, data, first }) => ({
      name,
      data,
      opts: { ...JOB_OPTIONS, jobId: id, timestamp, ...(!first && { priority: BEHIND }) },
    }))
    const [only, ...others] = ready
    if (only && others.length === 0) await this.#queue.add(only.name, only.data, only.opts)
    else if (only) await this.#queue.addBulk(ready)
  }

  /** Takes the next job; `undefined` when none waits, or the queue is paused. `worker`: shown in the dashboard. */
  async take(worker: string): Promise<TakenJob | undefined> {
    const [json, id] = (await this.#queue.getBackend().moveToActive(NO_LOCK, worker)) as [JobJson?, string?]
    return this.#read(json, id)
  }

  /** Ends a job; the same command brings the next one, if that is wanted. `failed`: it is shown among the failed ones. */
  async end(id: string, summary: string, failed: boolean, takeNext: boolean): Promise<TakenJob | undefined> {
    const backend = this.#queue.getBackend()
    const job = { id, opts: JOB_OPTIONS } as Job
    const { result } = failed
      ? await backend.moveToFailed(job, summary, KEPT_JOBS, NO_LOCK, takeNext, { failedReason: summary })
      : await backend.moveToCompleted(job, summary, KEPT_JOBS, NO_LOCK, takeNext)
    const [json, next] = (result ?? []) as [JobJson?, string?]
    return this.#read(json, next)
  }

  #read(json: JobJson | undefined, id: string | undefined): TakenJob | undefined {
    if (!json || id === undefined) return undefined
    return { id, data: parsed(json.data), addedAt: Number(json.timestamp) }
  }

  /** Gives a job back, to be taken next. */
  async giveBack(id: string): Promise<void> {
    await this.#queue.getBackend().moveJobFromActiveToWait(id, NO_LOCK)
  }

  /** Takes a job aside until it is called back ({@link callBack}); `until`: when that will be, for the dashboard (epoch ms). */
  async delay({ id, addedAt }: Pick<TakenJob, 'id' | 'addedAt'>, until: number): Promise<void> {
    await Promise.all([
      this.#queue.getBackend().moveToDelayed(id, Date.now(), THREE_YEARS_MS, NO_LOCK),
      this.#redis.hset(this.#queue.toKey(id), 'delay', String(Math.max(0, until - addedAt))),
    ])
  }

  /** Lets a delayed job stand in the queue again. Throws when it is not delayed. */
  async callBack(id: string): Promise<void> {
    await this.#queue.getBackend().promote(id)
  }

  /**
   * Sees to it that a job stands in the queue, is taken, or is delayed. Returns whether it had to be added: it was missing, or
   * had ended.
   */
  async ensure(job: NewJob<Data>): Promise<boolean> {
    // One that cannot be read is made anew. That Redis did not answer says nothing about the job.
    const known = await this.#queue.getJob(job.id).catch(async (error: unknown) => {
      if (!isUnreadable(error)) throw error
      // Neither can BullMQ remove it then.
      await this.#redis.unlink(this.#queue.toKey(job.id))
      return undefined
    })
    if (known && known.finishedOn === undefined && !(await this.#isNowhere(known))) return false
    // An ended job that is kept for the dashboard would stand in the way of a new one under the same id; and one that lost its
    // fields may stand in a list still.
    await this.#queue.remove(job.id)
    await this.add([job])
    return true
  }

  /** Whether a job that is not new stands in none of the queue's lists: somebody has emptied one. */
  async #isNowhere(job: Job): Promise<boolean> {
    if (this.options.clock.now() - job.timestamp < SETTLED_AFTER_MS) return false
    return (await job.getState()) === 'unknown'
  }

  /** Ids of the jobs that are taken. */
  async taken(): Promise<string[]> {
    return await this.#redis.lrange(this.#queue.keys.active ?? '', 0, -1)
  }

  /** Removes jobs that nobody needs any more; harmless for those that are gone. */
  async remove(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#queue.remove(id).catch(() => undefined)))
  }

  /** Whether a job of those that go first is waiting. */
  async hasFirst(): Promise<boolean> {
    return (await this.#redis.llen(this.#queue.keys.wait ?? '')) > 0
  }

  /**
   * Lets the job that has waited longest behind others go first, so that none waits for ever. Returns its id, if there is
   * one and others are before it.
   */
  async oldestBehind(): Promise<string | undefined> {
    if (!(await this.hasFirst())) return undefined
    return (await this.#redis.zrange(this.#queue.keys.prioritized ?? '', '0', '0'))[0]
  }

  async letGoFirst(id: string): Promise<void> {
    await this.#queue.getBackend().changePriority(id, 0, false)
  }

  /** Wakes a waiting worker, in case that another one was woken and cannot take the job. Harmless. */
  async nudge(): Promise<void> {
    await this.#redis.zadd(this.marker, 0, '0')
  }

  /** Adds lines to a job's log. */
  async log(id: string, lines: readonly string[]): Promise<void> {
    await Promise.all(lines.map((line) => Job.addJobLog(this.#queue, id, line, MOST_LINES)))
  }

  /** The last lines of a job's log, at most `most`. */
  async readLog(id: string, most: number): Promise<string[]> {
    return (await this.#queue.getJobLogs(id, -most, -1, true)).logs
  }

  /** Which worker has taken a job last; `undefined` for one that nobody has taken, or that is not kept any more. */
  async takenBy(id: string): Promise<string | undefined> {
    return (await this.#redis.hget(this.#queue.toKey(id), 'pb')) ?? undefined
  }

  /** Sets a job's progress in the dashboard, 0 to 100. */
  async progress(id: string, percent: number): Promise<void> {
    await this.#queue.getBackend().updateProgress(id, percent)
  }

  /** How many jobs it holds, by state. */
  async depth(): Promise<QueueDepth> {
    const [counts, oldestWaitMs] = await Promise.all([
      this.#queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'failed'),
      this.oldestWaitMs(),
    ])
    const { waiting = 0, prioritized = 0, active = 0, delayed = 0, failed = 0 } = counts
    const wait = oldestWaitMs === undefined ? {} : { oldestWaitMs }
    return { waiting: waiting + prioritized, active, delayed, failed, ...wait }
  }

  /** How long the oldest job that nobody has taken waits, in ms; `undefined` when none waits. */
  async oldestWaitMs(): Promise<number | undefined> {
    // The first of those that go first, and the first of the others.
    const jobs = await this.#queue.getJobs(['waiting', 'prioritized'], 0, 0, true)
    const since = Math.min(...jobs.map(({ timestamp }) => timestamp))
    return Number.isFinite(since) ? Math.max(0, this.options.clock.now() - since) : undefined
  }

  /** Once what is being added is there; the connection stays open, it is the caller's. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#adding)
    await this.#queue.close()
  }
}

/** Whether an error says that what is stored is no job: its data are no JSON, or its key holds something else. */
function isUnreadable(error: unknown): boolean {
  return error instanceof SyntaxError || (error instanceof Error && error.message.startsWith('WRONGTYPE'))
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown
  } catch {
    return undefined
  }
}
