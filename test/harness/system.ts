import { readConfig as readGatewayConfig } from '@flexaction/gateway/config'
import { createGateway, type Gateway } from '@flexaction/gateway/gateway'
import type { ActionDefinition, CollectionDefinition, MessageDefinition, RecordId } from '@flexaction/shared'
import type { LongLived } from '@flexaction/shared/lifecycle'
import { createLogger, type Logger } from '@flexaction/shared/logging'
import { connect } from '@flexaction/shared/redis'
import { readConfig as readWorkerConfig } from '@flexaction/worker/config'
import { createWorker } from '@flexaction/worker/worker'
import { freshPrefix, listKeys, redisUrl, removeKeys } from './redis.js'
import { until } from './until.js'

export const TOKENS = {
  admin: 'admin-token-for-tests',
  operator: 'operator-token-for-tests',
  viewer: 'viewer-token-for-tests',
} as const

/** Systems that a test has started and not stopped. */
export const runningSystems = new Set<System>()

export interface SystemOptions {
  actions: ActionDefinition[]
  collections?: CollectionDefinition[]
  messages?: MessageDefinition[]
  /** Workers; default 1. */
  workers?: number
  /** Environment of the gateway and the workers, beyond what the harness sets. */
  env?: Record<string, string>
  /** Whether tests of the file share it; default false: a test that leaves it running fails. */
  shared?: boolean
}

export interface ItemView {
  id?: RecordId
  state: string
  attempts: number
  message?: string
  result?: unknown
  former?: { state: string; attempts: number; message?: string }[]
}

/** A gateway and workers in this process, on the real Redis, under a key prefix of their own. */
export class System implements AsyncDisposable {
  readonly logLines: Record<string, unknown>[] = []
  readonly workers: LongLived[] = []
  gateway!: Gateway
  readonly prefix = freshPrefix()

  private constructor(private readonly options: SystemOptions) {}

  static async start(options: SystemOptions): Promise<System> {
    const system = new System(options)
    if (!options.shared) runningSystems.add(system)
    system.gateway = await createGateway(readGatewayConfig(system.env), system.logger('gateway'))
    await system.gateway.start()
    for (let n = 0; n < (options.workers ?? 1); n++) await system.addWorker()
    if ((options.workers ?? 1) > 0)
      await until('the gateway to be ready', async () => (await system.get('/readyz')).status === 200)
    return system
  }

  /** Starts one more worker, with the system's actions or with others. */
  async addWorker(definitions: Partial<SystemOptions> = {}): Promise<LongLived> {
    const { actions, collections = [], messages = [], env } = { ...this.options, ...definitions }
    const config = readWorkerConfig({ ...this.env, ...env })
    const worker = createWorker(config, { actions, collections, messages }, this.logger('worker'))
    this.workers.push(worker)
    await worker.start()
    return worker
  }

  get env(): Record<string, string> {
    return {
      REDIS_URL: redisUrl(),
      KEY_PREFIX: this.prefix,
      PORT: '0',
      SHUTDOWN_DEADLINE: '5s',
      AUTH_TOKENS: Object.entries(TOKENS)
        .map(([role, token]) => `${role}:${role}:${token}`)
        .join(','),
      ...this.options.env,
    }
  }

  get redisUrl(): string {
    return this.env.REDIS_URL ?? redisUrl()
  }

  get url(): string {
    return `http://127.0.0.1:${this.gateway.port}`
  }

  logger(app: string): Logger {
    return createLogger(app, 'debug', {
      write: (line: string) => void this.logLines.push(JSON.parse(line) as Record<string, unknown>),
    })
  }

  /** Sends a message as Jet Admin's client does. */
  async send(name: string, params: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.url}/api/messages/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Token ${TOKENS.admin}`, ...headers },
      body: JSON.stringify({ name, params }),
    })
  }

  /** Sends an execute_action that does not wait; returns the run's id. */
  async begin(params: Record<string, unknown>): Promise<string> {
    const answer = await this.send('execute_action', params, { prefer: 'respond-async' })
    if (answer.status !== 202) throw new Error(`expected 202, received ${answer.status}: ${await answer.text()}`)
    return answer.headers.get('x-run-id') ?? ''
  }

  /** Cancels, pauses, resumes or retries a run. */
  async steer(
    run: string,
    word: 'cancel' | 'pause' | 'resume' | 'retry' | 'resume-listing',
    body?: object,
  ): Promise<Response> {
    return fetch(`${this.url}/api/runs/${run}/${word}`, {
      method: 'POST',
      headers: { authorization: `Token ${TOKENS.admin}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
  }

  /** All items of a run, page by page. */
  async items(run: string): Promise<ItemView[]> {
    const items: ItemView[] = []
    for (let cursor: string | undefined = '0'; cursor !== undefined;) {
      const answer = await this.get(`/api/runs/${run}/items?limit=700&cursor=${cursor}`)
      const page = (await answer.json()) as { items: ItemView[]; next?: string }
      items.push(...page.items)
      cursor = page.next
    }
    return items
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url + path, { headers: { authorization: `Token ${TOKENS.admin}`, ...headers } })
  }

  /** The run, once it has reached one of the states. */
  async runIn(states: readonly string[], id: string, withinMs?: number): Promise<Record<string, unknown>> {
    return until(
      `run ${id} to be ${states.join(' or ')}`,
      async () => {
        const run = (await (await this.get(`/api/runs/${id}`)).json()) as Record<string, unknown>
        return states.includes(run.state as string) && run
      },
      withinMs,
    )
  }

  /** What it keeps in Redis. */
  async keys(): Promise<string[]> {
    const redis = connect(this.redisUrl, { name: 'test', whenAway: 'wait' })
    const found = await listKeys(redis, this.prefix)
    redis.disconnect()
    return found
  }

  /** Stops everything and removes its keys. */
  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()))
    await this.gateway.stop()
    const redis = connect(this.redisUrl, { name: 'test cleanup', whenAway: 'wait' })
    await removeKeys(redis, this.prefix)
    redis.disconnect()
    runningSystems.delete(this)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
