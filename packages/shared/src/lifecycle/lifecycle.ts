/** Anything that starts and stops. Both may be called at any time and more than once. */
export interface LongLived {
  start(): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts parts in order. Stops them in two phases: first all of them are quiet, so that nothing new begins anywhere, then they
 * stop in reverse order. Calls share the work in flight: a second `start()` or `stop()` gives the
 * same promise. When a part fails to start, those before it are stopped and the failure is thrown.
 */
export class Lifecycle implements LongLived {
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  readonly #started: Part[] = []

  constructor(
    private readonly parts: readonly Part[],
    private readonly onStopError: (part: string, error: unknown) => void,
  ) {}

  start(): Promise<void> {
    this.#starting ??= this.#startParts()
    return this.#starting
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopParts()
    return this.#stopping
  }

  async #startParts(): Promise<void> {
    try {
      for (const part of this.parts) {
        if (this.#stopping) return
        // Entered first: a part that fails half-way is stopped too.
        this.#started.push(part)
        await part.start?.()
      }
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async #stopParts(): Promise<void> {
    for (const part of [...this.#started].reverse()) {
      try {
        part.quiet?.()
      } catch (error) {
        this.onStopError(part.name, error)
      }
    }
    for (let part = this.#started.pop(); part; part = this.#started.pop()) {
      try {
        await part.stop?.()
      } catch (error) {
        this.onStopError(part.name, error)
      }
    }
  }
}

/** One step of a {@link Lifecycle}. */
export interface Part {
  name: string
  start?(): Promise<void> | void
  /** Begins nothing new; what is going on goes on. */
  quiet?(): void
  stop?(): Promise<void> | void
}
