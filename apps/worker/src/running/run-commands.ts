import type { Keys, RedisClient } from '@flexaction/shared/redis'

export type RunCommand = 'hold' | 'cancel'

/** Who applies them: the runs of which this process holds batches. */
export interface Commanded {
  runsInHand(): Iterable<string>
  apply(run: string, command: RunCommand): void
}

export interface RunCommandsOptions {
  redis: RedisClient
  subscriber: RedisClient
  keys: Keys
  runners: readonly Commanded[]
  onError(error: unknown): void
}

/** Announcements may be missed while a connection is lost: runs in hand are looked up this often. */
const LOOK_EVERY_MS = 1_000

/** Tells the runners of this worker when a run was paused, halted or given up, by whichever gateway or worker. */
export class RunCommands {
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  readonly #onMessage = (channel: string, message: string): void => {
    if (channel !== this.options.keys.runCommands) return
    const space = message.indexOf(' ')
    for (const runner of this.options.runners)
      runner.apply(message.slice(space + 1), message.slice(0, space) as RunCommand)
  }

  constructor(private readonly options: RunCommandsOptions) {}

  async start(): Promise<void> {
    const { subscriber, keys } = this.options
    subscriber.on('message', this.#onMessage)
    await subscriber.subscribe(keys.runCommands)
    this.#timer = setInterval(() => {
      this.#looking = this.#look()
    }, LOOK_EVERY_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.options.subscriber.off('message', this.#onMessage)
    await this.#looking
  }

  async #look(): Promise<void> {
    const { redis, keys, runners, onError } = this.options
    const runs = new Set(runners.flatMap((runner) => [...runner.runsInHand()]))
    try {
      await Promise.all(
        [...runs].map(async (run) => {
          const [state, closing] = await redis.hmget(keys.run(run), 'state', 'closing')
          const command = closing ? 'cancel' : state === 'paused' || state === 'halted' ? 'hold' : undefined
          if (command) for (const runner of runners) runner.apply(run, command)
        }),
      )
    } catch (error) {
      onError(error)
    }
  }
}
