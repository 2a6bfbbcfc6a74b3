import type { RedisClient } from '../redis/connect.js'
import { hasEnded, parseRunReply, type Run } from './run.js'
import type { RunReader } from './run-reader.js'

type Listener = (run: Run) => void

/** Somebody waits for a run's end. */
export interface RunWait {
  /** The ended run, or `undefined` when the time passed or the wait was given up first. */
  readonly ended: Promise<Run | undefined>
  giveUp(): void
}

/**
 * Hears of runs that end. One subscription per process serves every waiter; after a lost connection the runs that are
 * waited for are read again, since their announcements may have been missed.
 */
export class RunEndings {
  readonly #waiting = new Map<string, Set<Listener>>()
  readonly #onMessage = (channel: string, message: string): void => {
    if (channel === this.channel) this.#announce(message)
  }
  readonly #onReady = (): void => {
    void this.#reread()
  }

  constructor(
    private readonly subscriber: RedisClient,
    private readonly channel: string,
    private readonly reader: RunReader,
    private readonly onError: (error: unknown) => void,
  ) {}

  async start(): Promise<void> {
    this.subscriber.on('message', this.#onMessage)
    this.subscriber.on('ready', this.#onReady)
    await this.subscriber.subscribe(this.channel)
  }

  stop(): void {
    this.subscriber.off('message', this.#onMessage)
    this.subscriber.off('ready', this.#onReady)
    this.#waiting.clear()
  }

  /** Waits for the end of a run. Call it before the run is accepted, so that its end cannot be missed. */
  wait(runId: string, waitMs: number): RunWait {
    const listeners = this.#waiting.get(runId) ?? new Set<Listener>()
    this.#waiting.set(runId, listeners)
    let finish!: (run?: Run) => void
    const ended = new Promise<Run | undefined>((resolve) => {
      finish = (run) => {
        clearTimeout(timer)
        if (listeners.delete(finish) && listeners.size === 0) this.#waiting.delete(runId)
        resolve(run)
      }
    })
    const giveUp = (): void => finish()
    const timer = setTimeout(giveUp, waitMs)
    listeners.add(finish)
    return { ended, giveUp }
  }

  #announce(message: string): void {
    const space = message.indexOf(' ')
    const listeners = this.#waiting.get(message.slice(0, space))
    if (!listeners) return
    const run = parseRunReply(JSON.parse(message.slice(space + 1)) as string[])
    if (run) for (const listener of [...listeners]) listener(run)
  }

  async #reread(): Promise<void> {
    // Subscribed again first: what ends after this is heard, what ended before is read.
    await this.subscriber.subscribe(this.channel).catch(this.onError)
    for (const [runId, listeners] of [...this.#waiting]) {
      try {
        const run = await this.reader.run(runId)
        if (run && hasEnded(run)) for (const listener of [...listeners]) listener(run)
      } catch (error) {
        this.onError(error)
      }
    }
  }
}
