import { randomBytes } from 'node:crypto'
import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import { hasEnded, parseRunReply, type Run } from './run.js'
import type { RunReader } from './run-reader.js'

/** Runs whose end is told to nobody, or to another gateway, are looked at this often, in ms. */
const LOOK_EVERY_MS = 100

/** Somebody waits for a run's end. */
export interface RunWait {
  /** The ended run, or `undefined` when the time passed or the wait was given up first. */
  readonly ended: Promise<Run | undefined>
  giveUp(): void
}

interface Waiting {
  listeners: Set<(run: Run) => void>
  looking: NodeJS.Timeout | undefined
}

/**
 * Hears of runs that end. A run names the gateway that waits for it, and its end is told to that one; other waits look at
 * their run again and again. After a lost connection the runs that are waited for are read again.
 */
export class RunEndings {
  /** The channel on which ends are told to this process. */
  readonly channel: string
  readonly #waiting = new Map<string, Waiting>()
  readonly #onMessage = (channel: string, message: string): void => {
    if (channel !== this.channel) return
    const run = parseRunReply(JSON.parse(message) as string[])
    if (run) this.#ended(run)
  }
  readonly #onReady = (): void => void this.#lookAtAll()

  constructor(
    private readonly subscriber: RedisClient,
    keys: Keys,
    private readonly reader: RunReader,
    private readonly onError: (error: unknown) => void,
  ) {
    this.channel = keys.runEnded(randomBytes(6).toString('hex'))
  }

  async start(): Promise<void> {
    this.subscriber.on('message', this.#onMessage)
    this.subscriber.on('ready', this.#onReady)
    await this.subscriber.subscribe(this.channel)
  }

  stop(): void {
    this.subscriber.off('message', this.#onMessage)
    this.subscriber.off('ready', this.#onReady)
    for (const { looking } of this.#waiting.values()) clearInterval(looking)
    this.#waiting.clear()
  }

  /**
   * Waits for the end of a run, `waitMs` at most. `told`: the run is being accepted with this process's {@link channel}; call
   * it before that, so that its end cannot be missed.
   */
  wait(runId: string, waitMs: number, told: boolean): RunWait {
    const waiting: Waiting = this.#waiting.get(runId) ?? { listeners: new Set(), looking: undefined }
    this.#waiting.set(runId, waiting)
    if (!told) waiting.looking ??= setInterval(() => void this.#look(runId), LOOK_EVERY_MS)
    let finish!: (run?: Run) => void
    const ended = new Promise<Run | undefined>((resolve) => {
      finish = (run) => {
        clearTimeout(timer)
        if (waiting.listeners.delete(finish) && waiting.listeners.size === 0) {
          clearInterval(waiting.looking)
          this.#waiting.delete(runId)
        }
        resolve(run)
      }
    })
    const giveUp = (): void => finish()
    const timer = setTimeout(giveUp, waitMs)
    waiting.listeners.add(finish)
    return { ended, giveUp }
  }

  async #lookAtAll(): Promise<void> {
    // Subscribed again first: what ends after this is heard, what ended before is read.
    await this.subscriber.subscribe(this.channel).catch(this.onError)
    for (const runId of [...this.#waiting.keys()]) await this.#look(runId)
  }

  #ended(run: Run): void {
    for (const listener of [...(this.#waiting.get(run.id)?.listeners ?? [])]) listener(run)
  }

  async #look(runId: string): Promise<void> {
    try {
      const state = await this.reader.state(runId)
      const run = state && hasEnded({ state }) ? await this.reader.run(runId) : undefined
      if (run) this.#ended(run)
    } catch (error) {
      this.onError(error)
    }
  }
}
