import { createHash } from 'node:crypto'
import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import { Script } from '../redis/script.js'
import type { PublishedAction, PublishedCollection } from './published-action.js'

const heartbeat = new Script('heartbeat', 4)
const publishCatalog = new Script('publish-catalog', 3)

/** A worker without a heartbeat for this long is taken for dead. */
const HEARTBEAT_COUNTS_MS = 10_000

/** Workers that are gone for long are forgotten at every so many heartbeats of another one. */
const BEATS_PER_CLEANING = 20

/** What a worker serves. */
interface Served {
  /** Identities of the actions that it serves. */
  actions: string[]
  /** Names of the collections that it lists. */
  collections: string[]
}

/** A worker process that lives. */
export interface LiveWorker extends Served {
  id: string
  group: string
  host: string
  pid: number
  version: string
  startedAt: string
  /** Handler calls that were going on at the last heartbeat. */
  busy?: number
  /** Most handler calls at once, over all actions. */
  slots?: number
}

/** All that is published. */
export interface Catalog {
  actions: PublishedAction[]
  /** Custom messages. */
  messages: PublishedAction[]
  collections: PublishedCollection[]
  /** Groups of workers that have published something, with the identities of what they published. */
  groups: ReadonlyMap<string, ReadonlySet<string>>
}

/** Another group, with live workers, describes the same action differently. */
export interface CatalogConflict {
  identity: string
  group: string
}

/** What a heartbeat is answered. */
export interface HeartbeatReply {
  /** Live workers, this one included. */
  live: number
  /** What Redis no longer knows, because it was emptied: it is to be written again. */
  missing: { worker: boolean; catalog: boolean }
}

/** The catalog in Redis: what groups of workers published, and which workers live. */
export class CatalogStore {
  /** What live workers say of themselves never changes: it is read once for each. */
  readonly #about = new Map<string, LiveWorker>()
  #beats = 0

  /** `now`: Redis's time, epoch ms. */
  constructor(
    private readonly redis: RedisClient,
    private readonly keys: Keys,
    private readonly now: () => number,
  ) {}

  /** Replaces what the group published before. Publishes nothing when there are conflicts, and returns them. */
  async publish(
    group: string,
    published: readonly (PublishedAction | PublishedCollection)[],
  ): Promise<CatalogConflict[]> {
    const { catalog, liveWorkers, catalogVersion, catalogChanged } = this.keys
    const entries = published.flatMap((one) => [one.identity, JSON.stringify(one)])
    const reply = (await publishCatalog.run(
      this.redis,
      catalog,
      liveWorkers,
      catalogVersion,
      group,
      HEARTBEAT_COUNTS_MS,
      catalogChanged,
      ...entries,
    )) as string[]
    return reply.flatMap((identity, at) => (at % 2 === 0 ? [{ identity, group: reply[at + 1] ?? '' }] : []))
  }

  /** Changes whenever something was published; null when nothing ever was. */
  async version(): Promise<string | null> {
    return await this.redis.get(this.keys.catalogVersion)
  }

  /** All that is published; what several groups publish stands here once. */
  async read(): Promise<Catalog> {
    const groups = await this.redis.hgetall(this.keys.catalog)
    const byIdentity = new Map<string, PublishedAction | PublishedCollection>()
    const byGroup = new Map<string, Set<string>>()
    for (const group of Object.keys(groups).sort()) {
      const entries = JSON.parse(groups[group] ?? '[]') as string[]
      byGroup.set(group, new Set(entries.filter((_, at) => at % 2 === 0)))
      for (let at = 1; at < entries.length; at += 2) {
        const published = JSON.parse(entries[at] ?? '') as PublishedAction | PublishedCollection
        byIdentity.set(published.identity, published)
      }
    }
    const all = [...byIdentity.values()]
    return {
      actions: all.flatMap((one) => ('collection' in one || one.message ? [] : [one])),
      messages: all.flatMap((one) => ('collection' in one || !one.message ? [] : [one])),
      collections: all.flatMap((one) => ('collection' in one ? [one] : [])),
      groups: byGroup,
    }
  }

  /** Writes what never changes about a worker: once, and again when Redis has lost it. */
  async introduce({ actions, collections, ...about }: LiveWorker): Promise<void> {
    const served = JSON.stringify({ actions, collections } satisfies Served)
    // Workers of one version serve the same: that is stored once.
    const digest = createHash('sha256').update(served).digest('base64url').slice(0, 22)
    await this.redis.hset(this.keys.served, digest, served)
    await this.redis.hset(this.keys.workers, about.id, JSON.stringify({ ...about, served: digest }))
  }

  /** Says that a worker lives; `load`: how much of it is in use, if that has changed. */
  async beat({ id, group }: LiveWorker, load: { busy: number; slots: number } | undefined): Promise<HeartbeatReply> {
    const { liveWorkers, workers, workerLoads, catalog } = this.keys
    const [live, worker, published] = (await heartbeat.run(
      this.redis,
      ...[liveWorkers, workers, workerLoads, catalog],
      id,
      group,
      load ? `${load.busy} ${load.slots}` : '',
      HEARTBEAT_COUNTS_MS,
      this.#beats++ % BEATS_PER_CLEANING === 0 ? '1' : '',
    )) as [number, number, number]
    return { live, missing: { worker: worker === 1, catalog: published === 1 } }
  }

  async liveWorkers(): Promise<LiveWorker[]> {
    const { redis, keys } = this
    const members = await redis.zrangebyscore(keys.liveWorkers, this.now() - HEARTBEAT_COUNTS_MS, '+inf')
    const ids = members.map((member) => member.slice(member.indexOf('|') + 1))
    await this.#readAbout(ids.filter((id) => !this.#about.has(id)))
    for (const id of this.#about.keys()) if (!ids.includes(id)) this.#about.delete(id)
    const loads = ids.length > 0 ? await redis.hmget(keys.workerLoads, ...ids) : []
    return ids.flatMap((id, at) => {
      const about = this.#about.get(id)
      const [busy, slots] = (loads[at] ?? '').split(' ').map(Number)
      return about ? [{ ...about, ...(slots !== undefined && { busy: busy ?? 0, slots }) }] : []
    })
  }

  async #readAbout(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    const { redis, keys } = this
    const texts = await redis.hmget(keys.workers, ...ids)
    const about = texts.flatMap((text) => (text ? [JSON.parse(text) as LiveWorker & { served: string }] : []))
    if (about.length === 0) return
    const digests = [...new Set(about.map(({ served }) => served))]
    const lists = await redis.hmget(keys.served, ...digests)
    const byDigest = new Map(digests.map((digest, at) => [digest, lists[at]]))
    for (const { served, ...one } of about) {
      const list = byDigest.get(served)
      if (list) this.#about.set(one.id, { ...one, ...(JSON.parse(list) as Served) })
    }
  }

  /** This worker is gone. */
  async leave({ id, group }: Pick<LiveWorker, 'id' | 'group'>): Promise<void> {
    const { liveWorkers, workers, workerLoads } = this.keys
    await this.redis.zrem(liveWorkers, `${group}|${id}`)
    await Promise.all([this.redis.hdel(workers, id), this.redis.hdel(workerLoads, id)])
  }

  /** Measured lengths of handler calls, in ms, by action identity: what batches are cut by. */
  async callLengths(): Promise<ReadonlyMap<string, number>> {
    const lengths = await this.redis.hgetall(this.keys.callLengths)
    return new Map(Object.entries(lengths).map(([identity, ms]) => [identity, Number(ms)]))
  }

  async publishCallLengths(lengths: ReadonlyMap<string, number>): Promise<void> {
    if (lengths.size > 0) await this.redis.hset(this.keys.callLengths, Object.fromEntries(lengths))
  }
}
