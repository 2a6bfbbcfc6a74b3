import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { freePort } from '../../harness/free-port.js'
import { OwnRedis } from '../../harness/own-redis.js'
import { until } from '../../harness/until.js'
import { Proxy } from './proxy.js'

/** One node, and the network before it, which clients are told of as its address. */
export interface Shard {
  redis: OwnRedis
  proxy: Proxy
}

/** A node's port for the others is so much above the one for clients. */
const BUS_ABOVE = 10_000

/** A Redis Cluster of a test's own: three shards of one node each. */
export class OwnCluster implements AsyncDisposable {
  private constructor(readonly shards: readonly Shard[]) {}

  static async start(): Promise<OwnCluster> {
    const cluster = new OwnCluster(await Promise.all([1, 2, 3].map(startShard)))
    const addresses = cluster.shards.map(({ redis }) => `127.0.0.1:${redis.port}`)
    await promisify(execFile)('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'])
    await cluster.whole()
    return cluster
  }

  get url(): string {
    return `redis+cluster://${this.shards.map(({ proxy }) => `127.0.0.1:${proxy.port}`).join(',')}`
  }

  /** Once every node knows that all slots are served. */
  async whole(): Promise<void> {
    for (const { redis } of this.shards) {
      const isWhole = async (): Promise<boolean> =>
        (await redis.command('CLUSTER', 'INFO')).includes('cluster_state:ok')
      await until('the cluster to be whole', isWhole, 20_000)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.shards.flatMap(({ redis, proxy }) => [proxy.stop(), redis[Symbol.asyncDispose]()]))
  }
}

async function startShard(): Promise<Shard> {
  let port = await freePort()
  while (port + BUS_ABOVE > 65_535) port = await freePort()
  const proxy = await Proxy.start(port)
  const config = [
    ...['cluster-enabled yes', 'cluster-node-timeout 1500', 'appendonly yes'],
    ...[`cluster-announce-ip 127.0.0.1`, `cluster-announce-port ${proxy.port}`],
    `cluster-announce-bus-port ${port + BUS_ABOVE}`,
  ]
  return { redis: await OwnRedis.start({ port, config }), proxy }
}
