import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedRedis, startEmbeddedRedis } from '../../../deploy/local/embedded-redis.mjs'
import { Installation, type InstallationOptions } from './installation.js'
import { Peer } from './peer.js'
import { RedisServer } from './redis.js'

/** What a bench is measured in: a Redis, and the processes that it asks for, all ended with it. */
export class Lab {
  readonly #stops: (() => Promise<void> | void)[] = []
  #installations = 0
  #closing: Promise<void> | undefined

  private constructor(
    readonly dir: string,
    private readonly server: EmbeddedRedis,
    readonly redis: RedisServer,
    /** Everything is done once, and with few items: to see that it works. */
    readonly smoke: boolean,
    private readonly wantedRounds: number | undefined,
  ) {}

  static async open(smoke: boolean, rounds: number | undefined): Promise<Lab> {
    const dir = await mkdtemp(join(tmpdir(), 'flexaction-bench-'))
    const server = await startEmbeddedRedis({ dataDir: dir })
    return new Lab(dir, server, new RedisServer(server.url), smoke, rounds)
  }

  /** Rounds of a bench that takes so many by default. */
  rounds(usual: number): number {
    return this.smoke ? 1 : (this.wantedRounds ?? usual)
  }

  /** A number of items; in a smoke run a thousandth of it, but never less than `least`. */
  items(count: number, least = 100): number {
    return this.smoke ? Math.max(Math.min(least, count), Math.round(count / 1_000)) : count
  }

  async installation(options: Partial<InstallationOptions> = {}): Promise<Installation> {
    const keyPrefix = `bench${++this.#installations}`
    const starting = Installation.start({ redisUrl: this.redis.url, dir: this.dir, keyPrefix, ...options })
    this.#stops.push(async () => (await starting.catch(() => undefined))?.stop())
    return starting
  }

  /** A baseline: a module of `baselines/`, in a process of its own. */
  peer(program: string): Peer {
    const peer = new Peer(program)
    this.#stops.push(() => peer.stop())
    return peer
  }

  /** What is to be undone at the end of the bench. */
  onEnd(stop: () => Promise<void> | void): void {
    this.#stops.push(stop)
  }

  /** Ends what a bench has started, and empties Redis. */
  async clear(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop()
    await this.redis.empty()
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    await this.clear()
    // A bench that a signal has interrupted goes on until it misses what was stopped.
    while (this.#stops.length > 0) await this.clear()
    this.redis.close()
    await this.server.stop()
    await rm(this.dir, { recursive: true, force: true })
  }

  get redisPid(): number {
    return this.server.pid ?? 0
  }
}
