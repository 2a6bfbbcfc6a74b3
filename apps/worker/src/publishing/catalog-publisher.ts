import type {
  CatalogConflict,
  CatalogStore,
  LiveWorker,
  PublishedAction,
  PublishedCollection,
} from '@flexaction/shared/catalog'
import type { Logger } from '@flexaction/shared/logging'

/** Well below the time after which a worker is taken for dead. */
const BEAT_EVERY_MS = 3_000
/** A measured length of calls is published anew when it has changed by this part. */
const WORTH_PUBLISHING = 0.2

export interface CatalogPublisherOptions {
  store: CatalogStore
  worker: LiveWorker
  published: readonly (PublishedAction | PublishedCollection)[]
  /** How much of the worker is in use. */
  load(): { busy: number; slots: number }
  /** Measured lengths of handler calls, in ms, by action identity. */
  callLengths(): ReadonlyMap<string, number>
  logger: Logger
  /** Told when a heartbeat failed. */
  onError(error: unknown): void
}

/** Publishes what this worker serves, and says every few seconds that it lives, and what has changed. */
export class CatalogPublisher {
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> = Promise.resolve()
  #liveWorkers = 1
  #load = ''
  readonly #callLengths = new Map<string, number>()

  constructor(private readonly options: CatalogPublisherOptions) {}

  /** Live workers, this one included. */
  get liveWorkers(): number {
    return this.#liveWorkers
  }

  /** Throws when another group with live workers describes one of the actions differently. */
  async start(): Promise<void> {
    const { store, worker, published, load, logger } = this.options
    // Gateways that hear of the catalog look for its workers.
    await store.introduce(worker)
    await store.beat(worker, load())
    const conflicts = await store.publish(worker.group, published)
    if (conflicts.length > 0) {
      await store.leave(worker)
      throw new Error(describe(worker.group, conflicts))
    }
    this.#timer = setInterval(() => {
      this.#beating = this.#beating.then(() => this.#beat())
    }, BEAT_EVERY_MS)
    logger.info({ group: worker.group, actions: worker.actions, collections: worker.collections }, 'catalog published')
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#beating
    await this.options.store.leave(this.options.worker)
  }

  async #beat(): Promise<void> {
    const { store, worker, published, load, onError } = this.options
    try {
      const now = load()
      const changed = JSON.stringify(now) !== this.#load
      const { live, missing } = await store.beat(worker, changed ? now : undefined)
      this.#load = JSON.stringify(now)
      this.#liveWorkers = live
      await store.publishCallLengths(this.#changedLengths())
      // Redis was emptied meanwhile.
      if (missing.worker) {
        await store.introduce(worker)
        this.#load = ''
        this.#callLengths.clear()
      }
      if (missing.catalog) await store.publish(worker.group, published)
    } catch (error) {
      onError(error)
    }
  }

  #changedLengths(): ReadonlyMap<string, number> {
    const changed = new Map<string, number>()
    for (const [identity, ms] of this.options.callLengths()) {
      const before = this.#callLengths.get(identity)
      if (before !== undefined && Math.abs(ms - before) <= before * WORTH_PUBLISHING) continue
      changed.set(identity, Number(ms.toPrecision(3)))
      this.#callLengths.set(identity, ms)
    }
    return changed
  }
}

function describe(group: string, conflicts: readonly CatalogConflict[]): string {
  const list = conflicts.map(({ identity, group: other }) => `${identity} (group '${other}')`).join(', ')
  return (
    `Group '${group}' describes actions differently than another group whose workers are alive: ${list}. ` +
    'Give the actions different names, or let both groups run the same version, or stop the other group first.'
  )
}
