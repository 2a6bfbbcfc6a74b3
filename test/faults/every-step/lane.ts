import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { AppProcess } from '../harness/app-process.js'
import { Installation } from '../harness/installation.js'
import { CallsLog } from './calls-log.js'
import { patiently } from './patience.js'
import { StepProxy } from './step-proxy.js'

export type App = 'gateway' | 'worker'

/** Longer than STALL_AFTER, which is 1 s here: a worker that wakes up again has lost its batches. */
const FROZEN_MS = 1_800

const READY_WITHIN_MS = 20_000

/**
 * A place that one process after the other fills. Its proxy stays, and so does the numbering: the successor of a process
 * that was killed goes on with the next number.
 */
export class Station {
  /** The process that is here now, or soon. */
  process: Promise<AppProcess>
  readonly #proxy: StepProxy
  readonly #replaced = new Set<AppProcess>()
  /** Processes that were frozen, and when they went on: they cannot know what happened meanwhile. */
  readonly thawed = new Map<number, number>()

  private constructor(
    private readonly installation: Installation,
    readonly app: App,
    proxy: StepProxy,
    /** Called when the process has been frozen: who is to do its work meanwhile? */
    private readonly onFreeze: () => void,
  ) {
    this.#proxy = proxy
    this.process = this.#start()
    proxy.hands = { kill: () => this.kill(), freeze: (meanwhile) => this.#freeze(meanwhile) }
  }

  static async open(installation: Installation, app: App, onFreeze = (): void => undefined): Promise<Station> {
    const proxy = await StepProxy.start(installation.redis.port)
    const station = new Station(installation, app, proxy, onFreeze)
    try {
      await station.process
      return station
    } catch (error) {
      await proxy.stop()
      throw error
    }
  }

  get proxy(): StepProxy {
    return this.#proxy
  }

  /** SIGKILL; a supervisor starts the next one at once. */
  async kill(): Promise<void> {
    const process = await this.process
    await process.kill()
    this.#replace(process)
  }

  /** A supervisor: whoever ends is replaced. Resolves with how it ended. */
  async replaceWhenEnded(process: AppProcess, withinMs: number): ReturnType<AppProcess['exited']> {
    const end = await process.exited(withinMs)
    this.#replace(process)
    return end
  }

  /** Only once, whoever notices first that it has ended. */
  #replace(ended: AppProcess): void {
    if (this.#replaced.has(ended)) return
    this.#replaced.add(ended)
    this.process = this.#start()
    // Whoever waits for it learns of a failure; nobody may be waiting at this moment.
    this.process.catch(() => undefined)
  }

  async stop(): Promise<void> {
    await this.proxy.stop()
  }

  async #start(): Promise<AppProcess> {
    const env = { REDIS_URL: this.installation.redis.url.replace(/:\d+$/, `:${this.proxy.port}`) }
    return this.app === 'worker' ? this.installation.addWorker(env) : this.installation.addGateway(env)
  }

  async #freeze(meanwhile: () => void): Promise<void> {
    const process = await this.process
    process.signal('SIGSTOP')
    meanwhile()
    this.onFreeze()
    await pause(FROZEN_MS)
    process.signal('SIGCONT')
    this.thawed.set(process.pid, Date.now())
  }
}

/**
 * One installation that serves many repetitions, one after the other: a gateway and a worker that faults happen to, each
 * behind a proxy of its own, and a gateway through which is watched what comes of it.
 */
export class Lane implements AsyncDisposable {
  /** The other worker, which does the work of one that is frozen. */
  relief: Station | undefined
  #relieving: Promise<unknown> = Promise.resolve()
  /** Runs that belong to earlier repetitions, and when they were seen to have ended. */
  readonly judged = new Map<string, number>()
  readonly calls: CallsLog
  worker!: Station
  /** How many repetitions it has served: ids of records are made of it. */
  served = 0

  private constructor(
    readonly installation: Installation,
    readonly gateway: Station,
  ) {
    this.calls = new CallsLog(installation.dir)
  }

  static async start(): Promise<Lane> {
    const actions = fileURLToPath(new URL('actions', import.meta.url))
    const installation = await Installation.start({
      gateways: 0,
      workers: 0,
      syncAlways: false,
      env: { ACTIONS_DIR: actions, RUNS_KEPT: '1000000' },
    })
    try {
      const watching = await installation.addGateway()
      const lane = new Lane(installation, await Station.open(installation, 'gateway'))
      lane.worker = await Station.open(installation, 'worker', () => lane.#relieve())
      const ready = await patiently(READY_WITHIN_MS, async () => {
        const answers = await Promise.all([installation.get('/readyz', watching), lane.get('/readyz')])
        return answers.every(({ status }) => status === 200)
      })
      if (!ready) throw new Error(`the gateways were not ready within ${READY_WITHIN_MS / 1_000} s`)
      return lane
    } catch (error) {
      await installation[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Asks the gateway that faults happen to. */
  async get(path: string): Promise<Response> {
    return this.installation.get(path, await this.gateway.process)
  }

  station(app: App): Station {
    return app === 'worker' ? this.worker : this.gateway
  }

  /** Everybody is there again, and the relief has gone. Returns what was wrong with its end. */
  async settle(): Promise<string[]> {
    await Promise.all([this.gateway.process, this.worker.process, this.#relieving])
    const { relief } = this
    if (!relief) return []
    this.relief = undefined
    const worker = await relief.process
    worker.signal('SIGTERM')
    const { code, signal } = await worker.exited()
    await relief.stop()
    // 7: the record of the scenario `isolate` has ended it.
    return code === 0 || code === 7 ? [] : [`P8: an idle worker that was told to stop ended with ${code ?? signal}`]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([this.gateway.process, this.worker.process, this.#relieving])
    await this.installation[Symbol.asyncDispose]()
    for (const station of [this.gateway, this.worker, this.relief]) await station?.stop()
  }

  #relieve(): void {
    const opening = Station.open(this.installation, 'worker').then((station) => (this.relief = station))
    this.#relieving = opening
    opening.catch(() => undefined)
  }
}
