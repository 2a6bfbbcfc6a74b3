import type {
  CatalogConflict,
  CatalogStore,
  LiveWorker,
  PublishedAction,
  PublishedCollection,
} from '@flexaction/shared/catalog'
import { isRedisAway } from '@flexaction/shared/redis'
import type { Logger } from '@flexaction/shared/logging'

/** Well below the time after which a worker is taken for dead. */
const BEAT_EVERY_MS = 2_000

export interface AnnouncerOptions {
  store: CatalogStore
  worker: LiveWorker
  published: readonly (PublishedAction | PublishedCollection)[]
  /** How much of the worker is in use. */
  load(): { busy: number; slots: number }
  logger: Logger
}

/** Publishes what this worker serves, and says every few seconds that it lives. */
export class Announcer {
  #timer: NodeJS.Timeout | undefined
  #liveWorkers = 1

  constructor(private readonly options: AnnouncerOptions) {}

  /** Live workers of the group, this one included. */
  get liveWorkers(): number {
    return this.#liveWorkers
  }

  /** Throws when another group with live workers describes one of the actions differently. */
  async start(): Promise<void> {
    const { store, worker, published, logger } = this.options
    const conflicts = await store.publish(worker.group, published)
    if (conflicts.length > 0) throw new Error(describe(worker.group, conflicts))
    await this.#beat()
    this.#timer = setInterval(() => void this.#beat(), BEAT_EVERY_MS)
    logger.info({ group: worker.group, actions: worker.actions, collections: worker.collections }, 'catalog published')
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.options.store.leave(this.options.worker.id)
  }

  async #beat(): Promise<void> {
    try {
      this.#liveWorkers = await this.options.store.beat({ ...this.options.worker, ...this.options.load() })
    } catch (error) {
      if (!isRedisAway(error)) this.options.logger.warn({ err: error }, 'the heartbeat failed')
    }
  }
}

function describe(group: string, conflicts: readonly CatalogConflict[]): string {
  const list = conflicts.map(({ identity, group: other }) => `${identity} (group '${other}')`).join(', ')
  return (
    `Group '${group}' describes actions differently than another group whose workers are alive: ${list}. ` +
    'Give the actions different names, or let both groups run the same version, or stop the other group first.'
  )
}
