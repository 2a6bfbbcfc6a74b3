const SHOWN_EVERY_MS = 1_000

/** How far a batch is, shown with its job in the dashboard: from a second on, and no more often than that. */
export class JobProgress {
  #nextAt = performance.now() + SHOWN_EVERY_MS
  #shown = false

  /** `show`: sets the job's progress, 0 to 100. */
  constructor(private readonly show: (percent: number) => void) {}

  /** `done` of `items` have ended; calls that are going on may count for a part. */
  report(done: number, items: number): void {
    const now = performance.now()
    if (now < this.#nextAt) return
    this.#nextAt = now + SHOWN_EVERY_MS
    this.#shown = true
    const percent = Math.floor((100 * done) / items)
    if (percent > 0) this.show(percent)
  }

  /** A job that showed progress must not stop short of its end. */
  end(): void {
    if (this.#shown) this.show(100)
  }
}
