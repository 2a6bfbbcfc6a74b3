import type { Logger } from '@flexaction/shared/logging'
import type { JobQueues } from '@flexaction/shared/queues'
import type { RedisClock } from '@flexaction/shared/redis'
import type { Backlog, RunIndex } from '@flexaction/shared/runs'
import type { Reconciler } from './reconciler.js'
import type { Recovery } from './recovery.js'
import type { Retries } from './retries.js'

export interface MaintenanceOptions {
  clock: RedisClock
  index: RunIndex
  queues: JobQueues
  backlog: Backlog
  retries: Retries
  recovery: Recovery
  reconciler: Reconciler
  logger: Logger
  /** Time between two passes of the reconciler, in ms. */
  reconcileEveryMs: number
  /** How long ended runs are kept, in ms, and how many of them. */
  retentionMs: number
  keepRuns: number
  onError(error: unknown): void
}

/** While there is nothing to remove, old runs are looked for this often, in ms. */
const PURGE_EVERY_MS = 5_000

/** What the leader of the workers does at each look. */
export class Maintenance {
  #passing: Promise<void> | undefined
  /** By the monotonic clock, in ms. */
  #nextPass = 0
  #nextPurge = 0
  /** Per queue, the job that had waited longest behind others at the last look. */
  #oldest = new Map<string, string>()

  constructor(private readonly options: MaintenanceOptions) {}

  async look(signal: AbortSignal): Promise<void> {
    const { retries, backlog, recovery, reconciler, onError } = this.options
    // The numbers may be wrong for a while, so any is a reason to look.
    const busy = [...new Set([...(await backlog.read()).keys(), ...reconciler.busy])]
    if (busy.length > 0) {
      await retries.callDue()
      await recovery.look(busy, signal)
      if (!signal.aborted) await this.#letWait(busy)
    }
    if (!signal.aborted && performance.now() >= this.#nextPurge) await this.#purge(signal)
    if (!signal.aborted && performance.now() >= this.#nextPass)
      this.#passing ??= this.#pass(signal)
        .catch(onError)
        .finally(() => {
          this.#passing = undefined
        })
  }

  /** What was remembered of earlier looks counts no more. */
  forget(): void {
    this.options.recovery.forget()
    this.#oldest.clear()
  }

  /** Resolves when a pass that is going on has ended. */
  async stop(): Promise<void> {
    await this.#passing
  }

  async #pass(signal: AbortSignal): Promise<void> {
    this.#nextPass = performance.now() + this.options.reconcileEveryMs
    await this.options.reconciler.pass(signal)
  }

  /** Jobs that go first must not hold up for ever those that stand behind. */
  async #letWait(names: readonly string[]): Promise<void> {
    const oldest = new Map<string, string>()
    for (const name of names) {
      const queue = this.options.queues.named(name)
      const id = await queue.oldestBehind()
      if (id === undefined) continue
      if (this.#oldest.get(name) === id) await queue.letGoFirst(id)
      else oldest.set(name, id)
    }
    this.#oldest = oldest
  }

  async #purge(signal: AbortSignal): Promise<void> {
    const { index, clock, retentionMs, keepRuns, logger } = this.options
    let removed = 0
    let cursor: string | undefined
    do {
      const page = await index.purge(clock.now() - retentionMs, keepRuns, cursor)
      removed += page.removed
      cursor = page.next
    } while (cursor !== undefined && !signal.aborted)
    this.#nextPurge = removed > 0 ? 0 : performance.now() + PURGE_EVERY_MS
    if (removed > 0) logger.info({ runs: removed }, 'old runs removed')
  }
}
