import { setTimeout as pause } from 'node:timers/promises'
import { skewedBy } from '../core/start.js'
import type { AppProcess } from '../harness/app-process.js'
import type { Installation } from '../harness/installation.js'
import type { Random } from './random.js'

/** How often each fault is chosen. The two kinds go on side by side. */
const OF_PROCESSES = {
  'worker killed': 10,
  'worker stopped': 4,
  'worker frozen': 5,
  'worker with a wrong clock': 4,
  'gateway killed': 4,
  'gateway stopped': 2,
  'gateway frozen': 3,
  'gateway with a wrong clock': 2,
}
const OF_THE_NETWORK = {
  'connections cut': 6,
  'network frozen': 2,
  'link slow': 5,
  'Redis killed': 3,
}
export type Fault = keyof typeof OF_PROCESSES | keyof typeof OF_THE_NETWORK

/** Longer than STALL_AFTER, 1 s: a worker that wakes up again has lost its batches. */
const FROZEN_MS = { least: 1_300, most: 4_000 }
const MINUTE = 60_000
const SKEWS = [10 * MINUTE, -10 * MINUTE, 8 * 24 * 60 * MINUTE, -8 * 24 * 60 * MINUTE]

/** Breaks one thing after the other; whatever is killed is started again, as a supervisor would. */
export class Faults {
  readonly counts = new Map<Fault, number>()
  /** Processes that were frozen for a while: they cannot know what happened meanwhile. */
  readonly frozen = new Set<number>()
  #stopped = false

  constructor(
    private readonly installation: Installation,
    private readonly random: Random,
  ) {}

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0)
  }

  stop(): void {
    this.#stopped = true
  }

  async run(): Promise<void> {
    await Promise.all([this.#oneAfterTheOther(OF_PROCESSES), this.#oneAfterTheOther(OF_THE_NETWORK)])
  }

  async #oneAfterTheOther(weights: Readonly<Partial<Record<Fault, number>>>): Promise<void> {
    while (!this.#stopped) {
      await pause(this.random.between(500, 3_000))
      const fault = this.random.weighted(weights as Record<Fault, number>)
      await this.#cause(fault)
      this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1)
    }
  }

  async #cause(fault: Fault): Promise<void> {
    const { installation } = this
    const { proxy } = installation
    switch (fault) {
      case 'worker killed':
        await this.#living(installation.workers).kill()
        return void (await installation.addWorker())
      case 'worker stopped':
        return this.#stop(this.#living(installation.workers), () => installation.addWorker())
      case 'worker frozen':
        return this.#freeze(this.#living(installation.workers))
      case 'worker with a wrong clock':
        await this.#living(installation.workers).kill()
        return void (await installation.addWorker(skewedBy(this.random.oneOf(SKEWS))))
      case 'gateway killed':
        await this.#living(installation.gateways).kill()
        return void (await installation.addGateway())
      case 'gateway stopped':
        return this.#stop(this.#living(installation.gateways), () => installation.addGateway())
      case 'gateway frozen':
        return this.#freeze(this.#living(installation.gateways))
      case 'gateway with a wrong clock':
        await this.#living(installation.gateways).kill()
        return void (await installation.addGateway(skewedBy(this.random.oneOf(SKEWS))))
      case 'connections cut':
        return proxy.cut()
      case 'network frozen':
        proxy.mode = 'hang'
        await pause(this.#frozenMs())
        proxy.forget()
        proxy.mode = 'pass'
        return
      case 'link slow':
        proxy.delay = this.random.between(5, 60)
        await pause(this.random.between(1_000, 3_000))
        proxy.delay = 0
        return
      case 'Redis killed':
        await installation.redis.kill()
        await pause(this.random.between(0, 500))
        return installation.restartRedis()
    }
  }

  async #stop(leaving: AppProcess, add: () => Promise<AppProcess>): Promise<void> {
    await add()
    leaving.signal('SIGTERM')
    await leaving.exited()
  }

  async #freeze(process: AppProcess): Promise<void> {
    this.frozen.add(process.pid)
    process.signal('SIGSTOP')
    await pause(this.#frozenMs())
    process.signal('SIGCONT')
  }

  #frozenMs(): number {
    return this.random.between(FROZEN_MS.least, FROZEN_MS.most)
  }

  #living(processes: readonly AppProcess[]): AppProcess {
    return this.random.oneOf(processes.filter(({ alive }) => alive))
  }
}
