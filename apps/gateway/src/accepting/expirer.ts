import type { RedisClock } from '@flexaction/shared/redis'
import type { RunIndex, RunSteering } from '@flexaction/shared/runs'

const LOOK_EVERY_MS = 1_000
const PER_LOOK = 200

/** Ends runs that had to start by now and did not: also while no worker lives, which is when it matters most. */
export class Expirer {
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()

  constructor(
    private readonly clock: Pick<RedisClock, 'now'>,
    private readonly index: RunIndex,
    private readonly steering: RunSteering,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#looking = this.#looking.then(() => this.#look())
    }, LOOK_EVERY_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }

  async #look(): Promise<void> {
    try {
      const due = await this.index.due(this.clock.now(), PER_LOOK)
      await Promise.all(due.map((run) => this.steering.expire(run)))
    } catch (error) {
      this.onError(error)
    }
  }
}
