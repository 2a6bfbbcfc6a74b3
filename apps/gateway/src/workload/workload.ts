import { type JobQueues, listingQueueName } from '@flexaction/shared/queues'
import { type Backlog, itemsPerCall } from '@flexaction/shared/runs'
import type { ScaleView } from '@flexaction/shared/views'
import { keptFor } from '../api/kept-for.js'
import type { CatalogView } from '../catalog/catalog-view.js'

/** What is waiting or active of an action, or of the runs on a collection that are to be listed. */
export interface Load {
  /** The action's identity; the queue's name for listings. */
  identity: string
  listing: boolean
  /** Groups of workers that publish it; none for an action that is not published any more. */
  groups: readonly string[]
  /** Live workers that serve it. */
  workers: number
  items: number
  /** Handler calls that the items are. */
  calls: number
  /** How long the oldest job that no worker has taken waits, in ms. */
  oldestWaitMs: number
}

/** However many ask, Redis is asked at most this often, in ms. */
const KEPT_MS = 1_000

export interface WorkloadOptions {
  backlog: Backlog
  queues: JobQueues
  catalog: CatalogView
}

/** What waits and runs in the whole installation: the same on every gateway, since Redis counts it. */
export class Workload {
  readonly #kept = keptFor(KEPT_MS, () => this.#read())

  constructor(private readonly options: WorkloadOptions) {}

  /** Of everything that is published, and of what is not any more but has work waiting. */
  read(): Promise<readonly Load[]> {
    return this.#kept('all')
  }

  /** What a group of workers has to do; of all, without one. `undefined`: no worker of such a group has ever published anything. */
  async of(group: string | undefined): Promise<ScaleView | undefined> {
    const { catalog } = this.options
    if (group !== undefined && !catalog.groups.has(group)) return undefined
    const loads = (await this.read()).filter(({ groups }) => group === undefined || groups.includes(group))
    return {
      items: loads.reduce((sum, { items, listing }) => sum + (listing ? 0 : items), 0),
      calls: loads.reduce((sum, { calls }) => sum + calls, 0),
      oldestWaitSeconds: Math.max(0, ...loads.map(({ oldestWaitMs }) => oldestWaitMs)) / 1_000,
      workers: catalog.workers.filter((worker) => group === undefined || worker.group === group).length,
    }
  }

  async #read(): Promise<readonly Load[]> {
    const { backlog, queues, catalog } = this.options
    const pending = await backlog.read()
    const loads = new Map<string, Load>()
    for (const { identity, target } of catalog.published) {
      const items = pending.get(identity) ?? 0
      const calls = Math.ceil(items / itemsPerCall(target))
      loads.set(identity, { ...this.#served(identity, catalog.workersFor(identity)), identity, items, calls })
    }
    for (const [collection, { identity: published }] of catalog.collections) {
      const identity = listingQueueName(collection)
      const items = pending.get(identity) ?? 0
      const served = this.#served(published, catalog.workersListing(collection).length)
      loads.set(identity, { ...served, identity, listing: true, items, calls: items })
    }
    for (const [identity, items] of pending)
      if (items > 0 && !loads.has(identity)) loads.set(identity, { ...NOBODYS, identity, items, calls: items })
    return await Promise.all(
      [...loads.values()].map(async (load) => {
        const wait = load.items > 0 ? await queues.named(load.identity).oldestWaitMs() : undefined
        return { ...load, oldestWaitMs: wait ?? 0 }
      }),
    )
  }

  #served(published: string, workers: number): Omit<Load, 'identity' | 'items' | 'calls'> {
    const groups = [...this.options.catalog.groups].flatMap(([group, all]) => (all.has(published) ? [group] : []))
    return { ...NOBODYS, groups, workers }
  }
}

const NOBODYS = { listing: false, groups: [], workers: 0, oldestWaitMs: 0 } as const
