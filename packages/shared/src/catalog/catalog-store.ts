import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import { Script } from '../redis/script.js'
import type { PublishedAction, PublishedCollection } from './published-action.js'

const heartbeat = new Script('heartbeat', 1)
const liveWorkers = new Script('live-workers', 1)
const publishCatalog = new Script('publish-catalog', 2)

/** A worker without a heartbeat for this long is taken for dead. */
const HEARTBEAT_COUNTS_MS = 10_000

/** A worker process that lives. */
export interface LiveWorker {
  id: string
  group: string
  host: string
  pid: number
  version: string
  startedAt: string
  /** Identities of the actions that it serves. */
  actions: string[]
  /** Names of the collections that it lists. */
  collections: string[]
  /** Handler calls that were going on at the last heartbeat; absent for workers of an older version. */
  busy?: number
  /** Most handler calls at once, over all actions. */
  slots?: number
}

/** All that is published. */
export interface Catalog {
  actions: PublishedAction[]
  /** Custom messages. */
  messages: PublishedAction[]
  /** Names. */
  collections: string[]
}

/** Another group, with live workers, describes the same action differently. */
export interface CatalogConflict {
  identity: string
  group: string
}

/** The catalog in Redis: what groups of workers published, and which workers live. */
export class CatalogStore {
  constructor(
    private readonly redis: RedisClient,
    private readonly keys: Keys,
  ) {}

  /** Replaces what the group published before. Publishes nothing when there are conflicts, and returns them. */
  async publish(
    group: string,
    published: readonly (PublishedAction | PublishedCollection)[],
  ): Promise<CatalogConflict[]> {
    const { catalog, workers, catalogChanged } = this.keys
    const entries = published.flatMap((one) => [one.identity, JSON.stringify(one)])
    const reply = (await publishCatalog.run(
      this.redis,
      catalog,
      workers,
      group,
      HEARTBEAT_COUNTS_MS,
      catalogChanged,
      ...entries,
    )) as string[]
    return reply.flatMap((identity, at) => (at % 2 === 0 ? [{ identity, group: reply[at + 1] ?? '' }] : []))
  }

  /** All that is published; what several groups publish stands here once. */
  async read(): Promise<Catalog> {
    const groups = await this.redis.hgetall(this.keys.catalog)
    const byIdentity = new Map<string, PublishedAction | PublishedCollection>()
    for (const group of Object.keys(groups).sort()) {
      const entries = JSON.parse(groups[group] ?? '[]') as string[]
      for (let at = 1; at < entries.length; at += 2) {
        const published = JSON.parse(entries[at] ?? '') as PublishedAction | PublishedCollection
        byIdentity.set(published.identity, published)
      }
    }
    const all = [...byIdentity.values()]
    return {
      actions: all.flatMap((one) => ('collection' in one || one.message ? [] : [one])),
      messages: all.flatMap((one) => ('collection' in one || !one.message ? [] : [one])),
      collections: all.flatMap((one) => ('collection' in one ? [one.collection] : [])),
    }
  }

  /** Says that this worker lives; returns how many of its group do. */
  async beat(worker: LiveWorker): Promise<number> {
    return (await heartbeat.run(
      this.redis,
      this.keys.workers,
      worker.id,
      worker.group,
      JSON.stringify(worker),
      HEARTBEAT_COUNTS_MS,
    )) as number
  }

  async liveWorkers(): Promise<LiveWorker[]> {
    const reply = (await liveWorkers.run(this.redis, this.keys.workers, HEARTBEAT_COUNTS_MS)) as string[]
    return reply.map((about) => JSON.parse(about) as LiveWorker)
  }

  /** This worker is gone. */
  async leave(workerId: string): Promise<void> {
    await this.redis.hdel(this.keys.workers, workerId)
  }
}
