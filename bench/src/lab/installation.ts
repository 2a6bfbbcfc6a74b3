import { join } from 'node:path'
import { Client } from './client.js'
import { Program } from './program.js'
import { inBench, inRepository } from './repository.js'

const TOKEN = 'token-of-the-bench'

export interface InstallationOptions {
  redisUrl: string
  /** Folder for its files. */
  dir: string
  keyPrefix: string
  workers?: number
  env?: Record<string, string>
  /** Options of Node, such as a module to load first. */
  nodeArgs?: { gateway?: readonly string[]; worker?: readonly string[] }
}

/** The product as an operator starts it: a gateway and workers, each in a process of its own, with the actions of the bench. */
export class Installation {
  gateway!: Program
  client!: Client
  readonly workers: Program[] = []

  private constructor(private readonly options: InstallationOptions) {}

  static async start(options: InstallationOptions): Promise<Installation> {
    const installation = new Installation(options)
    try {
      for (let n = 0; n < (options.workers ?? 1); n++) await installation.addWorker()
      await installation.#startGateway()
      return installation
    } catch (error) {
      await installation.stop()
      throw error
    }
  }

  async addWorker(): Promise<Program> {
    const worker = this.#program('worker')
    this.workers.push(worker)
    await worker.said(/"msg":"ready"/)
    return worker
  }

  async #startGateway(): Promise<void> {
    this.gateway = this.#program('gateway')
    const [, port] = await this.gateway.said(/"port":(\d+).*"msg":"listening"/)
    this.client = new Client(`http://127.0.0.1:${port}`, TOKEN)
    if (this.workers.length > 0) await this.client.untilReady()
  }

  #program(app: 'gateway' | 'worker'): Program {
    const { redisUrl, keyPrefix, dir, env, nodeArgs } = this.options
    return new Program({
      // As deploy/image/entrypoint.sh starts it.
      args: ['--max-semi-space-size=8', ...(nodeArgs?.[app] ?? []), inRepository(`apps/${app}/dist/main.js`)],
      env: {
        REDIS_URL: redisUrl,
        KEY_PREFIX: keyPrefix,
        // One caller sends as much as it can: that is what is measured.
        MAX_REQUESTS: '0',
        AUTH_TOKENS: `bench:admin:${TOKEN}`,
        ACTIONS_DIR: inBench('actions'),
        PORT: '0',
        ...env,
      },
      logFile: join(dir, `${app}-${keyPrefix}-${this.workers.length}.log`),
    })
  }

  async stop(): Promise<void> {
    await this.client?.close()
    await Promise.all([this.gateway, ...this.workers].map((program) => program?.stop()))
  }
}
