import { setTimeout as pause } from 'node:timers/promises'
import type { RedisClient } from '../redis/connect.js'
import { bucketOf, type Keys } from '../redis/keys.js'
import { watchConnection } from '../redis/watchdog.js'
import type { JobQueue, TakenJob } from './job-queue.js'

/** Takes the jobs of one queue, in a worker. */
export interface Consumer<Data> {
  readonly queue: JobQueue<Data>
  /** How many more jobs it could begin now, or in a moment: 0 for none. */
  capacity(): number
  /** A job was taken. It settles the job itself, and never rejects. */
  process(job: TakenJob): void
}

export interface FetcherOptions {
  redis: RedisClient
  keys: Keys
  /** Unique per worker process. */
  worker: string
  /** Shown in the dashboard as who took a job. */
  workerName: string
  /** Opens a connection that waits for jobs. */
  connect(name: string): RedisClient
  /** Items that are waiting or active, by queue. */
  pending(): Promise<ReadonlyMap<string, number>>
  /** A connection on which nothing moves for longer counts as dead, in ms. */
  deadAfterMs: number
  onError(error: unknown): void
}

/** How long one command waits for a job, in s. */
const WAIT_S = 5
/** How often a worker looks whether it missed a job, in ms: another one that cannot go on may have been woken in its place. */
const LOOK_EVERY_MS = 1_000
/** Jobs of one queue that are taken side by side, at most, while there are more. */
const MOST_AT_ONCE = 8
const PAUSE_AFTER_ERROR_MS = 500
/** A wake-up that its worker did not live to hear goes away after this long, in ms. */
const WAKE_KEPT_MS = 10_000

/**
 * Takes jobs for all consumers of a worker, each time for what it can begin: a job that cannot be begun stays in its queue, for
 * a worker that can. One connection waits for the queues of all consumers with capacity (on a cluster, one per hash tag).
 */
export class Fetcher {
  readonly #byMarker = new Map<string, Consumer<unknown>>()
  readonly #buckets = new Map<number, Consumer<unknown>[]>()
  #loops: Promise<void>[] = []
  #looking: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #connections: RedisClient[] = []
  #endWatches: (() => void)[] = []
  #quiet = false
  /** Consumers that are being waited for. */
  readonly #watched = new Set<Consumer<unknown>>()
  readonly #fetching = new Map<Consumer<unknown>, number>()
  /** How many jobs to take side by side next. */
  readonly #streaks = new Map<Consumer<unknown>, number>()
  readonly #idle = new Set<() => void>()

  constructor(
    consumers: readonly Consumer<unknown>[],
    private readonly options: FetcherOptions,
  ) {
    for (const one of consumers) {
      this.#byMarker.set(one.queue.marker, one)
      const bucket = options.redis.isCluster ? bucketOf(one.queue.name) : 0
      this.#buckets.set(bucket, [...(this.#buckets.get(bucket) ?? []), one])
    }
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#looking ??= this.#lookForMissed().finally(() => {
        this.#looking = undefined
      })
    }, LOOK_EVERY_MS)
    for (const [bucket, consumers] of this.#buckets) {
      const connection = this.options.connect('jobs')
      connection.on('error', () => undefined) // the worker's main connection says so
      this.#connections.push(connection)
      const { deadAfterMs } = this.options
      this.#endWatches.push(watchConnection(connection, { deadAfterMs, blockedForMs: WAIT_S * 1_000 }))
      this.#loops.push(this.#loop(connection, bucket, consumers))
    }
  }

  /** Takes no more jobs. */
  quiet(): void {
    this.#quiet = true
    clearInterval(this.#timer)
    for (const wake of this.#idle) wake()
    // What waits for a job ends with its connection; a job that was taken in this very moment is found and given back later.
    for (const end of this.#endWatches) end()
    for (const connection of this.#connections) connection.disconnect()
  }

  /** Resolves when no job is being taken any more. */
  async stop(): Promise<void> {
    this.quiet()
    await Promise.all([...this.#loops, this.#looking])
  }

  /** Call it when the capacity of a consumer may have grown. */
  grown(grown: Consumer<unknown>): void {
    if (this.#quiet || this.#watched.has(grown) || grown.capacity() === 0) return
    for (const wake of this.#idle) wake()
    if (this.#watched.size === 0) return
    const { redis, keys, worker, onError } = this.options
    const wakeKey = keys.wake(worker, redis.isCluster ? bucketOf(grown.queue.name) : 0)
    Promise.all([redis.zadd(wakeKey, 0, 'wake'), redis.pexpire(wakeKey, WAKE_KEPT_MS)]).catch(onError)
  }

  async #loop(connection: RedisClient, bucket: number, consumers: readonly Consumer<unknown>[]): Promise<void> {
    const wakeKey = this.options.keys.wake(this.options.worker, bucket)
    while (!this.#quiet) {
      const open = consumers.filter((one) => one.capacity() > 0)
      if (open.length === 0) {
        await this.#untilGrown()
        continue
      }
      for (const one of open) this.#watched.add(one)
      try {
        const popped = await connection.bzpopmin(...open.map(({ queue }) => queue.marker), wakeKey, WAIT_S)
        for (const one of open) this.#watched.delete(one)
        if (this.#quiet) return
        const woken = popped && this.#byMarker.get(popped[0])
        if (woken && !(await this.#fetch(woken)) && woken.capacity() === 0) await woken.queue.nudge()
      } catch (error) {
        for (const one of open) this.#watched.delete(one)
        if (this.#quiet) return
        this.options.onError(error)
        await pause(PAUSE_AFTER_ERROR_MS)
      }
    }
  }

  #untilGrown(): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#idle.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, LOOK_EVERY_MS)
      this.#idle.add(wake)
    })
  }

  async #lookForMissed(): Promise<void> {
    try {
      const pending = await this.options.pending()
      for (const one of this.#byMarker.values())
        if (pending.has(one.queue.name) && one.capacity() > 0) await this.#fetch(one)
    } catch (error) {
      if (!this.#quiet) this.options.onError(error)
    }
  }

  /** Most often a single job waits: more are asked for when the last ones were there, twice as many each time. */
  async #fetch(consumer: Consumer<unknown>): Promise<boolean> {
    const most = this.#streaks.get(consumer) ?? 1
    const wanted = Math.min(most, consumer.capacity() - (this.#fetching.get(consumer) ?? 0))
    if (wanted <= 0 || this.#quiet) return false
    const taken = await Promise.all(Array.from({ length: wanted }, () => this.#take(consumer)))
    this.#streaks.set(consumer, taken.every(Boolean) ? Math.min(MOST_AT_ONCE, 2 * most) : 1)
    if (taken.every(Boolean) && wanted > 1) await this.#fetch(consumer)
    return taken.some(Boolean)
  }

  async #take(consumer: Consumer<unknown>): Promise<boolean> {
    this.#fetching.set(consumer, (this.#fetching.get(consumer) ?? 0) + 1)
    try {
      const job = await consumer.queue.take(this.options.workerName)
      if (!job) return false
      if (this.#quiet) await consumer.queue.giveBack(job.id)
      else consumer.process(job)
      return true
    } finally {
      this.#fetching.set(consumer, (this.#fetching.get(consumer) ?? 1) - 1)
    }
  }
}
