import type { BatchQueues, EndedBatch } from '@flexaction/shared/queues'

export interface EndedJobsOptions {
  queues: Pick<BatchQueues, 'addEnded'>
  onError(error: unknown): void
}

const EVERY_MS = 250
/** Jobs that merely tell of a success, per pass: the dashboard keeps the newest 1,000 in any case. */
const MOST_SUCCEEDED = 25
/** Jobs that say more, per pass. */
const MOST_OTHERS = 500

/**
 * Makes the jobs of runs that took no job to run, so that the dashboard shows them: afterwards, and several at a time. When they
 * come faster than {@link MOST_SUCCEEDED} per {@link EVERY_MS}, only the newest of those that succeeded without a word are shown.
 */
export class EndedJobs {
  #succeeded: EndedBatch[] = []
  #others: EndedBatch[] = []
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(private readonly options: EndedJobsOptions) {}

  add(ended: EndedBatch): void {
    const [list, most] =
      ended.end.kind === 'done' && ended.lines.length === 0
        ? [this.#succeeded, MOST_SUCCEEDED]
        : [this.#others, MOST_OTHERS]
    list.push(ended)
    if (list.length > most) list.shift()
    this.#timer ??= setTimeout(() => this.#write(), EVERY_MS)
  }

  /** Writes what is left. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#write()
    await this.#writing
  }

  #write(): void {
    this.#timer = undefined
    const batches = [...this.#succeeded, ...this.#others]
    this.#succeeded = []
    this.#others = []
    if (batches.length > 0) this.#writing = this.options.queues.addEnded(batches).catch(this.options.onError)
  }
}
