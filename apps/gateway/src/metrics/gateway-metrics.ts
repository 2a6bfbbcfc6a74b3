import { DURATION_BUCKETS, Metrics, type MetricsText } from '@flexaction/shared/metrics'
import type { RedisClient } from '@flexaction/shared/redis'
import { Counter, Histogram } from 'prom-client'
import type { CatalogView } from '../catalog/catalog-view.js'
import { VERSION } from '../version.js'
import type { Load, Workload } from '../workload/workload.js'
import { readRedisMemory, type RedisMemory } from './redis-memory.js'

export interface ClusterOptions {
  redis: RedisClient
  workload: Workload
  catalog: CatalogView
}

/** What a gateway measures; and, read from Redis whenever it is asked, how the whole installation is. */
export class GatewayMetrics extends Metrics {
  readonly #runsAccepted: Counter
  readonly #requests: Histogram
  readonly #redisUp = this.gauge('flexaction_redis_up', 'Whether Redis answers this gateway: 1 or 0')
  readonly #itemsPending = this.gauge(
    'flexaction_items_pending',
    'Items that are waiting or active, over all runs; the same on every gateway',
    ['action', 'group'],
  )
  readonly #oldestWait = this.gauge(
    'flexaction_oldest_wait_seconds',
    'How long the oldest batch that no worker has taken has been waiting; the same on every gateway',
    ['action', 'group'],
  )
  readonly #workers = this.gauge('flexaction_workers', 'Live workers; the same on every gateway', ['group'])
  readonly #unserved = this.gauge(
    'flexaction_actions_unserved',
    'Actions of which work waits and that no live worker serves; the same on every gateway',
  )
  readonly #memoryUsed = this.gauge(
    'flexaction_redis_memory_used_bytes',
    'Memory that Redis uses; on a cluster, of the primary that is nearest to its limit',
  )
  readonly #memoryMost = this.gauge('flexaction_redis_memory_max_bytes', 'Its maxmemory; 0 for no limit')

  constructor() {
    super('gateway', VERSION)
    const registers = [this.registry]
    this.#runsAccepted = new Counter({
      name: 'flexaction_runs_accepted_total',
      help: 'Runs that were stored',
      labelNames: ['action'],
      registers,
    })
    this.#requests = new Histogram({
      name: 'flexaction_http_request_duration_seconds',
      help: 'HTTP requests, until their answer was sent; those that wait for the end of a run take that long',
      labelNames: ['route', 'status'],
      buckets: DURATION_BUCKETS,
      registers,
    })
  }

  runAccepted(action: string): void {
    this.#runsAccepted.inc({ action })
  }

  requestAnswered(route: string, status: number, ms: number): void {
    this.#requests.observe({ route, status }, ms / 1_000)
  }

  /** All of it. While Redis is away, what it would tell is missing, and the rest is there. */
  async readAll(options: ClusterOptions): Promise<MetricsText> {
    const { redis, workload, catalog } = options
    try {
      const [loads, memory] = await Promise.all([workload.read(), readRedisMemory(redis)])
      this.#forgetCluster()
      this.#showCluster(loads, memory, catalog)
      this.#redisUp.set(1)
    } catch (error) {
      this.failed(error)
      this.#forgetCluster()
      this.#redisUp.set(0)
    }
    return await this.read()
  }

  #forgetCluster(): void {
    for (const gauge of [this.#itemsPending, this.#oldestWait, this.#workers]) gauge.reset()
    for (const gauge of [this.#unserved, this.#memoryUsed, this.#memoryMost]) gauge.remove()
  }

  #showCluster(loads: readonly Load[], memory: RedisMemory, catalog: CatalogView): void {
    for (const { identity, groups, items, oldestWaitMs, listing } of loads) {
      for (const group of groups.length > 0 ? groups : ['']) {
        // Listings of records are no items; that they wait is told all the same.
        if (!listing) this.#itemsPending.set({ action: identity, group }, items)
        this.#oldestWait.set({ action: identity, group }, oldestWaitMs / 1_000)
      }
    }
    for (const group of catalog.groups.keys())
      this.#workers.set({ group }, catalog.workers.filter((worker) => worker.group === group).length)
    this.#unserved.set(loads.filter(({ items, workers }) => items > 0 && workers === 0).length)
    this.#memoryUsed.set(memory.used)
    this.#memoryMost.set(memory.most)
  }
}
