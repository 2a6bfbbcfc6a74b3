import { Redis } from 'ioredis'
import { setTimeout as pause } from 'node:timers/promises'

/** The Redis that both sides of a bench use, in turn. */
export class RedisServer {
  readonly #redis: Redis

  constructor(readonly url: string) {
    this.#redis = new Redis(url)
  }

  /** CPU time of its main thread, in ms. */
  async cpuMs(): Promise<number> {
    const { used_cpu_user_main_thread: user, used_cpu_sys_main_thread: system } = await this.#info('cpu')
    return (Number(user) + Number(system)) * 1_000
  }

  /** Bytes that its data take. */
  async dataBytes(): Promise<number> {
    await this.settled()
    return Number((await this.#info('memory')).used_memory)
  }

  /** Removes everything, and lets Redis come to rest. */
  async empty(): Promise<void> {
    await this.#redis.flushall('SYNC')
    await this.settled()
  }

  /** Removes runs and jobs, but not what processes that live have said of themselves. */
  async forgetRuns(): Promise<void> {
    let cursor = '0'
    do {
      const [next, keys] = await this.#redis.scan(cursor, 'COUNT', 1_000)
      const gone = keys.filter((key) => !key.includes('{catalog}') && !key.endsWith(':meta'))
      if (gone.length > 0) await this.#redis.del(...gone)
      cursor = next
    } while (cursor !== '0')
    await this.settled()
  }

  /** Calls and time by command since {@link resetStats}: what Redis did, and how long, in µs. */
  async commandStats(): Promise<{ command: string; calls: number; usec: number }[]> {
    const stats = await this.#info('commandstats')
    return Object.entries(stats).map(([name, text]) => {
      const [, calls, usec] = /calls=(\d+),usec=(\d+)/.exec(text) ?? []
      return { command: name.replace('cmdstat_', ''), calls: Number(calls), usec: Number(usec) }
    })
  }

  async resetStats(): Promise<void> {
    await this.#redis.config('RESETSTAT')
  }

  async version(): Promise<string> {
    return (await this.#info('server')).redis_version ?? ''
  }

  /** No snapshot or rewrite of the append-only file is going on. */
  async settled(): Promise<void> {
    for (;;) {
      const { aof_rewrite_in_progress: rewriting, rdb_bgsave_in_progress: saving } = await this.#info('persistence')
      if (rewriting === '0' && saving === '0') return
      await pause(50)
    }
  }

  close(): void {
    this.#redis.disconnect()
  }

  async #info(section: string): Promise<Record<string, string>> {
    const lines = (await this.#redis.info(section)).split('\r\n').filter((line) => line.includes(':'))
    return Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
    )
  }
}
