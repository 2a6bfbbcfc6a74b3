import type { Call } from './call.js'

const FLUSH_EVERY_MS = 200
/** Lines that one call may write. */
const MOST_LINES_PER_CALL = 1_000

/** What the handlers of a batch write to the log of its job, written to Redis several lines at a time. */
export class HandlerLog {
  #lines: string[] = []
  #flushing: Promise<void> | undefined

  constructor(private readonly write: (lines: readonly string[]) => Promise<void>) {}

  add(call: Call, line: string): void {
    call.lines++
    if (call.lines > MOST_LINES_PER_CALL) return
    const last = `… (a call writes ${MOST_LINES_PER_CALL} lines at most)`
    this.#lines.push(call.lines < MOST_LINES_PER_CALL ? line : last)
    this.#flushing ??= new Promise<void>((resolve) => {
      setTimeout(() => resolve(this.#flush()), FLUSH_EVERY_MS)
    })
  }

  /** Resolves when all lines are written. */
  async flushed(): Promise<void> {
    await this.#flushing
  }

  async #flush(): Promise<void> {
    const lines = this.#lines
    this.#lines = []
    this.#flushing = undefined
    await this.write(lines)
  }
}
