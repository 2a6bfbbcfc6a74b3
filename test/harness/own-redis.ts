import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free-port.js'
import { until } from './until.js'

/** Whether Redis's own programs are there, which not every machine has. CI installs them. */
export const hasRedisServer = ['redis-server', 'redis-cli'].every((one) => spawnSync(one, ['--version']).status === 0)

export interface OwnRedisOptions {
  /** Lines of its configuration, beyond its port and folder. */
  config?: readonly string[]
  /** `sentinel`: watches others; default `server`. */
  kind?: 'server' | 'sentinel'
  /** Default: any free one. */
  port?: number
}

/** A Redis of a test's own, for what would disturb tests that share one: it is started, and ends with its test. */
export class OwnRedis implements AsyncDisposable {
  #process: ChildProcess | undefined

  private constructor(
    readonly port: number,
    readonly dir: string,
    private readonly sentinel: boolean,
  ) {}

  static async start({ config = [], kind = 'server', port }: OwnRedisOptions = {}): Promise<OwnRedis> {
    const dir = await mkdtemp(join(tmpdir(), 'flexaction-redis-'))
    const redis = new OwnRedis(port ?? (await freePort()), dir, kind === 'sentinel')
    const lines = [
      `port ${redis.port}`,
      `dir ${dir}`,
      'bind 127.0.0.1',
      ...(redis.sentinel ? [] : ['save ""', 'repl-diskless-sync-delay 0']),
      ...config,
    ]
    await writeFile(join(dir, 'redis.conf'), lines.join('\n') + '\n')
    await redis.start()
    return redis
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Again, as it was configured. */
  async start(): Promise<void> {
    const args = [join(this.dir, 'redis.conf'), ...(this.sentinel ? ['--sentinel'] : [])]
    this.#process = spawn('redis-server', args, { stdio: 'ignore' })
    await until('Redis to listen', async () => {
      // That it asks for a password, or still loads, is an answer as well.
      return (await this.command('PING').catch(() => '')) !== ''
    })
  }

  /** Sends it one command on a connection of its own; resolves with what redis-cli prints, errors of Redis included. */
  async command(...words: (string | number)[]): Promise<string> {
    const { stdout } = await promisify(execFile)('redis-cli', ['-p', String(this.port), ...words.map(String)])
    return stdout.trim()
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  async kill(): Promise<void> {
    const ending = this.#process
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return
    ending.kill('SIGCONT')
    ending.kill('SIGKILL')
    await once(ending, 'exit')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.dir, { recursive: true, force: true })
  }
}
