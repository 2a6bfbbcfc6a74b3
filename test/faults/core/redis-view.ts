import { connect, type RedisClient } from '@flexaction/shared/redis'

const RUN_ID = /[0-9a-v]{20}/

/** What Redis holds and does, seen from outside: counted and measured, not understood. */
export class RedisView implements AsyncDisposable {
  private constructor(private readonly redis: RedisClient) {}

  static async open(url: string): Promise<RedisView> {
    const redis = connect(url, { name: 'test view', whenAway: 'wait' })
    const view = new RedisView(redis)
    await view.call('PING')
    return view
  }

  async call(command: string, ...args: (string | number)[]): Promise<unknown> {
    return this.redis.call(command, ...args)
  }

  async keys(): Promise<Set<string>> {
    const found = new Set<string>()
    let cursor = '0'
    do {
      const [next, keys] = (await this.call('SCAN', cursor, 'COUNT', 1_000)) as [string, string[]]
      for (const key of keys) found.add(key)
      cursor = next
    } while (cursor !== '0')
    return found
  }

  /** Deletes what is not known, belongs to a run, and has a time to live; returns how many keys. */
  async deleteVolatile(known: ReadonlySet<string>): Promise<number> {
    let gone = 0
    for (const key of await this.keys())
      if (!known.has(key) && RUN_ID.test(key) && Number(await this.call('PTTL', key)) > 0)
        gone += Number(await this.call('DEL', key))
    return gone
  }

  /** Ids of the runs of which something is kept that has no time to live. */
  async lastingRuns(): Promise<string[]> {
    const ids = new Set<string>()
    for (const key of await this.keys()) {
      const [id] = RUN_ID.exec(key) ?? []
      if (id !== undefined && Number(await this.call('PTTL', key)) === -1) ids.add(id)
    }
    return [...ids]
  }

  /** Bytes of all keys, their names and the overhead of each included. */
  async bytes(but: RegExp): Promise<number> {
    let sum = 0
    for (const key of await this.keys())
      if (!but.test(key)) sum += Number(await this.call('MEMORY', 'USAGE', key, 'SAMPLES', 0))
    return sum
  }

  /** A number of INFO. */
  async info(section: string, name: string): Promise<number> {
    const text = String(await this.call('INFO', section))
    return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1])
  }

  /** Connections of others. */
  async connections(): Promise<number> {
    return (await this.info('clients', 'connected_clients')) - 1
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.redis.disconnect()
    await Promise.resolve()
  }
}
