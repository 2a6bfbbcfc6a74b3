import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { RecordId } from '@flexaction/shared'
import { connect } from '@flexaction/shared/redis'
import { type EmbeddedRedis, startEmbeddedRedis } from '../../../deploy/local/embedded-redis.mjs'
import { until } from '../../harness/until.js'
import { AppProcess, processesWith } from './app-process.js'
import { Proxy } from './proxy.js'

/** Settings at which what crashed is recovered within 5 s. */
const QUICK = { STALL_AFTER: '1s', RECONCILE_EVERY: '200ms', SHUTDOWN_DEADLINE: '2s' }
const TOKEN = 'fault-tests-token'
/** A process starts within a second; on a machine that is busy otherwise it was seen to take twenty. */
const STARTS_WITHIN_MS = 60_000

/** One line of the side-effect log: what a handler really did. */
export interface CallLine {
  what: 'begin' | 'end' | 'aborted'
  run: string
  attempt: number
  ids: RecordId[]
  pid: number
  at: number
}

export interface RunBody {
  id: string
  state: string
  total: number
  finishedAt?: string
  counts: Record<'waiting' | 'active' | 'succeeded' | 'failed' | 'skipped' | 'cancelled' | 'expired', number>
}

export interface ItemBody {
  id: RecordId
  state: string
  attempts: number
  message?: string
}

export interface InstallationOptions {
  gateways?: number
  workers?: number
  /** Settings of all processes, beyond those that make recovery quick. */
  env?: Record<string, string>
  /** Whether Redis syncs every write before it answers; default true, for tests that kill it. */
  syncAlways?: boolean
}

/** Starts again what ends. */
export interface Supervisor extends AsyncDisposable {
  readonly deaths: number
}

/** A whole installation of real processes: a Redis with an append-only file, gateways and workers. */
export class Installation implements AsyncDisposable {
  readonly gateways: AppProcess[] = []
  readonly workers: AppProcess[] = []
  #everyone: AppProcess[] = []
  #ports = new Map<AppProcess, number>()

  private constructor(
    readonly dir: string,
    readonly redis: EmbeddedRedis,
    /** Stands between Redis and every process. */
    readonly proxy: Proxy,
    private readonly env: Record<string, string>,
  ) {}

  static async start({ gateways = 1, workers = 1, env = {}, syncAlways = true }: InstallationOptions = {}) {
    const dir = await mkdtemp(join(tmpdir(), 'flexaction-faults-'))
    const redis = await startEmbeddedRedis({ dataDir: dir })
    const proxy = await Proxy.start(redis.port)
    const installation = new Installation(dir, redis, proxy, {
      ...QUICK,
      REDIS_URL: redis.url.replace(/:\d+$/, `:${proxy.port}`),
      AUTH_TOKENS: `tester:admin:${TOKEN}`,
      ACTIONS_DIR: fileURLToPath(new URL('../actions', import.meta.url)),
      CALLS_LOG: join(dir, 'calls.log'),
      PORT: '0',
      ...env,
    })
    try {
      await installation.#bringUp(gateways, workers, syncAlways)
    } catch (error) {
      await installation[Symbol.asyncDispose]()
      throw error
    }
    return installation
  }

  async #bringUp(gateways: number, workers: number, syncAlways: boolean): Promise<void> {
    if (syncAlways) await this.#syncAlways()
    await Promise.all(Array.from({ length: workers }, () => this.addWorker()))
    await Promise.all(Array.from({ length: gateways }, () => this.addGateway()))
    if (workers > 0) {
      const ready = async (): Promise<boolean> => (await this.get('/readyz')).status === 200
      await until('the gateway to be ready', ready)
    }
  }

  /** `env`: settings of this one alone. */
  async addGateway(env: Record<string, string> = {}): Promise<AppProcess> {
    const gateway = this.spawn('gateway', env)
    const { port } = await gateway.said('listening', STARTS_WITHIN_MS)
    this.#ports.set(gateway, port as number)
    this.gateways.push(gateway)
    return gateway
  }

  async addWorker(env: Record<string, string> = {}): Promise<AppProcess> {
    const worker = this.spawn('worker', env)
    await worker.said('ready', STARTS_WITHIN_MS)
    this.workers.push(worker)
    return worker
  }

  /** Starts a worker for each one that ends, as a supervisor does, until it is disposed of. */
  supervise(): Supervisor {
    let deaths = 0
    let stopped = false
    const supervising = (async () => {
      const replaced = new Set<AppProcess>()
      while (!stopped) {
        await pause(50)
        const ended = this.workers.find((worker) => !worker.alive && !replaced.has(worker))
        if (!ended || stopped) continue
        replaced.add(ended)
        deaths++
        await this.addWorker().catch(() => undefined)
      }
    })()
    return {
      get deaths() {
        return deaths
      },
      [Symbol.asyncDispose]: async () => {
        stopped = true
        await supervising
      },
    }
  }

  /** The address of Redis behind another proxy. */
  redisBehind(proxy: Proxy): string {
    return this.redis.url.replace(/:\d+$/, `:${proxy.port}`)
  }

  /** A process that is not waited for. */
  spawn(app: 'gateway' | 'worker', env: Record<string, string> = {}): AppProcess {
    const spawned = new AppProcess(app, { ...this.env, ...env })
    this.#everyone.push(spawned)
    return spawned
  }

  async #syncAlways(): Promise<void> {
    await this.redisCommand('CONFIG', 'SET', 'appendfsync', 'always')
  }

  async redisCommand(command: string, ...args: string[]): Promise<unknown> {
    const redis = connect(this.redis.url, { name: 'test', whenAway: 'wait' })
    try {
      return await redis.call(command, ...args)
    } finally {
      redis.disconnect()
    }
  }

  /** Batches that some worker has taken from its queue and not ended. */
  async batchesInHand(): Promise<number> {
    const lists = (await this.redisCommand('KEYS', '*:active')) as string[]
    const lengths = await Promise.all(lists.map((list) => this.redisCommand('LLEN', list)))
    return lengths.reduce<number>((sum, length) => sum + Number(length), 0)
  }

  /** Redis again, as it was set. */
  async restartRedis(): Promise<void> {
    await this.redis.restart()
    await this.#syncAlways()
  }

  url(gateway = this.gateways.find(({ alive }) => alive)): string {
    return `http://127.0.0.1:${gateway && this.#ports.get(gateway)}`
  }

  async get(path: string, gateway?: AppProcess): Promise<Response> {
    return fetch(this.url(gateway) + path, { headers: { authorization: `Token ${TOKEN}` } })
  }

  /** Sends a message; the answer to an execute_action does not wait. */
  async send(
    name: string,
    params: unknown,
    headers: Record<string, string> = {},
    gateway?: AppProcess,
  ): Promise<Response> {
    return fetch(`${this.url(gateway)}/api/messages/`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Token ${TOKEN}`,
        prefer: 'respond-async',
        ...headers,
      },
      body: JSON.stringify({ name, params }),
    })
  }

  async execute(
    params: Record<string, unknown>,
    headers: Record<string, string> = {},
    gateway?: AppProcess,
  ): Promise<Response> {
    return this.send('execute_action', params, headers, gateway)
  }

  /** Begins a run, and returns its id. */
  async begin(params: Record<string, unknown>): Promise<string> {
    const answer = await this.execute(params)
    if (answer.status !== 202) throw new Error(`expected 202, received ${answer.status}: ${await answer.text()}`)
    return answer.headers.get('x-run-id') ?? ''
  }

  async steer(run: string, word: 'cancel' | 'pause' | 'resume' | 'retry', gateway?: AppProcess): Promise<Response> {
    return fetch(`${this.url(gateway)}/api/runs/${run}/${word}`, {
      method: 'POST',
      headers: { authorization: `Token ${TOKEN}` },
    })
  }

  async run(id: string): Promise<RunBody> {
    const answer = await this.get(`/api/runs/${id}`)
    if (answer.status !== 200) throw new Error(`run ${id}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as RunBody
  }

  /** The run, once it has reached one of the states. Answers other than the run are waited out. */
  async runIn(states: readonly string[], id: string, withinMs = 20_000): Promise<RunBody> {
    return until(
      `run ${id} to be ${states.join(' or ')}`,
      async () => {
        const run = await this.run(id).catch(() => undefined)
        return run && states.includes(run.state) && run
      },
      withinMs,
    )
  }

  /** All items of a run; `state`: of those only that are in it. */
  async items(run: string, state?: string): Promise<ItemBody[]> {
    const items: ItemBody[] = []
    for await (const item of this.eachItem(run, state)) items.push(item)
    return items
  }

  /** The items of a run, read page by page. */
  async *eachItem(run: string, state?: string): AsyncGenerator<ItemBody> {
    for (let cursor: string | undefined = '0'; cursor !== undefined;) {
      const filter = state === undefined ? '' : `&state=${state}`
      const answer = await this.get(`/api/runs/${run}/items?limit=1000&cursor=${cursor}${filter}`)
      const page = (await answer.json()) as { items: ItemBody[]; next?: string }
      yield* page.items
      cursor = page.next
    }
  }

  /** What handlers really did. */
  async calls(run?: string): Promise<CallLine[]> {
    const text = await readFile(join(this.dir, 'calls.log'), 'utf8').catch(() => '')
    // The last line may be being written.
    const lines = text.split('\n').slice(0, -1)
    const calls = lines.map((line) => JSON.parse(line) as CallLine)
    return run === undefined ? calls : calls.filter((call) => call.run === run)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#everyone) {
      // A stopped process does not hear of its end.
      one.signal('SIGCONT')
      one.signal('SIGKILL')
    }
    await Promise.all(this.#everyone.map((one) => one.exited()))
    // What handlers or workers have started and left behind.
    for (const pid of processesWith(`CALLS_LOG=${join(this.dir, 'calls.log')}`)) process.kill(pid, 'SIGKILL')
    await this.proxy.stop()
    await this.redis.stop()
    await rm(this.dir, { recursive: true, force: true })
  }
}

/** How often each record's handler was begun. */
export function callsPerRecord(calls: readonly CallLine[]): Map<RecordId, number> {
  const times = new Map<RecordId, number>()
  for (const { what, ids } of calls) if (what === 'begin') for (const id of ids) times.set(id, (times.get(id) ?? 0) + 1)
  return times
}

/** P2: every item is in exactly one state. Throws when the counts of a run do not add up. */
export function checkCounts({ id, total, counts }: RunBody): void {
  const sum = Object.values(counts).reduce((a, b) => a + b, 0)
  if (sum !== total || Object.values(counts).some((count) => count < 0))
    throw new Error(`run ${id}: ${JSON.stringify(counts)} do not add up to ${total}`)
}
