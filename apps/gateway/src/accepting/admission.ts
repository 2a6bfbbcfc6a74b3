import { FlexActionError } from '@flexaction/shared/errors'
import type { Backlog } from '@flexaction/shared/runs'

/** What other gateways accept, and workers finish, is looked up this often, in ms. */
const LOOK_EVERY_MS = 1_000
const TRY_AGAIN_SECONDS = 5

/** Refuses new work while too many items are pending (backpressure), before anything of it is stored. */
export class Admission {
  /** By action identity. */
  #pending = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly backlog: Backlog,
    private readonly mostItems: number,
    private readonly onError: (error: unknown) => void,
  ) {}

  async start(): Promise<void> {
    await this.#look()
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Counts items that are about to be accepted. Throws `unavailable` when they would be too many. */
  admit(identity: string, items: number): void {
    let pending = 0
    for (const count of this.#pending.values()) pending += count
    if (pending + items > this.mostItems) {
      const text =
        `Too much is waiting already: ${pending} items, at most ${this.mostItems} are allowed ` +
        `and ${items} more were sent. Nothing was done; try again when some have ended`
      throw new FlexActionError('unavailable', text, { retryAfter: TRY_AGAIN_SECONDS })
    }
    this.count(identity, items)
  }

  /** They were not accepted after all. */
  refused(identity: string, items: number): void {
    this.count(identity, -items)
  }

  count(identity: string, items: number): void {
    this.#pending.set(identity, (this.#pending.get(identity) ?? 0) + items)
    this.backlog.add(identity, items).then((pending) => this.#pending.set(identity, pending), this.onError)
  }

  async #look(): Promise<void> {
    try {
      this.#pending = new Map(await this.backlog.read())
    } catch {
      // Redis is away: that is reported elsewhere, and nothing can be accepted anyway.
    }
  }
}
