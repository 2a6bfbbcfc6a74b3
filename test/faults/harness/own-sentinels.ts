import { OwnRedis } from '../../harness/own-redis.js'
import { until } from '../../harness/until.js'

/** A primary, a replica, and three Sentinels that watch them. */
export class OwnSentinels implements AsyncDisposable {
  private constructor(
    readonly servers: readonly [OwnRedis, OwnRedis],
    readonly sentinels: readonly OwnRedis[],
  ) {}

  static async start(): Promise<OwnSentinels> {
    const primary = await OwnRedis.start({ config: ['appendonly yes'] })
    const replica = await OwnRedis.start({ config: ['appendonly yes', `replicaof 127.0.0.1 ${primary.port}`] })
    const config = [
      `sentinel monitor main 127.0.0.1 ${primary.port} 2`,
      'sentinel down-after-milliseconds main 1500',
      'sentinel failover-timeout main 10000',
    ]
    const sentinels = await Promise.all([1, 2, 3].map(() => OwnRedis.start({ kind: 'sentinel', config })))
    const group = new OwnSentinels([primary, replica], sentinels)
    await until('the Sentinels to know each other, and the replica', () => group.#complete(), 20_000)
    return group
  }

  get url(): string {
    return `redis+sentinel://${this.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/main`
  }

  /** The server that the Sentinels call the primary. */
  async primaryPort(): Promise<number> {
    const [sentinel] = this.sentinels
    return Number((await sentinel?.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'main'))?.split('\n')[1])
  }

  /** Asks for a planned failover; resolves when the Sentinels name the other server. */
  async failover(): Promise<void> {
    const before = await this.primaryPort()
    const [sentinel] = this.sentinels
    await until('the failover to begin', async () => (await sentinel?.command('SENTINEL', 'FAILOVER', 'main')) === 'OK')
    await until('another primary', async () => (await this.primaryPort()) !== before, 20_000)
  }

  async #complete(): Promise<boolean> {
    for (const sentinel of this.sentinels) {
      const state = await sentinel.command('SENTINEL', 'MASTER', 'main')
      if (!/num-slaves\n1\n/.test(state) || !/num-other-sentinels\n2\n/.test(state)) return false
    }
    return (await this.servers[1].command('INFO', 'replication')).includes('master_link_status:up')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.sentinels, ...this.servers].map((one) => one[Symbol.asyncDispose]()))
  }
}
