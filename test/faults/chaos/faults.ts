import { setTimeout as pause } from 'node:timers/promises'
import type { AppProcess } from '../harness/app-process.js'
import type { Installation } from '../harness/installation.js'
import type { Random } from './random.js'

/** How often each fault is chosen. */
const WEIGHTS = {
  'worker killed': 10,
  'worker stopped': 4,
  'worker frozen': 4,
  'gateway killed': 4,
  'gateway stopped': 2,
  'connections cut': 6,
  'network frozen': 2,
  'Redis killed': 3,
}
export type Fault = keyof typeof WEIGHTS

/** Longer than STALL_AFTER: a worker that wakes up again has lost its batches. */
const FROZEN_MS = 1_600

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

  stop(): void {
    this.#stopped = true
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      await pause(this.random.between(200, 1_000))
      const fault = this.random.weighted(WEIGHTS)
      this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1)
      await this.#cause(fault)
    }
  }

  async #cause(fault: Fault): Promise<void> {
    const { installation } = this
    const worker = this.#living(installation.workers)
    const gateway = this.#living(installation.gateways)
    switch (fault) {
      case 'worker killed':
        await worker.kill()
        return void (await installation.addWorker())
      case 'worker stopped':
        await installation.addWorker()
        worker.signal('SIGTERM')
        return void (await worker.exited())
      case 'worker frozen':
        this.frozen.add(worker.pid)
        worker.signal('SIGSTOP')
        await pause(FROZEN_MS)
        return worker.signal('SIGCONT')
      case 'gateway killed':
        await gateway.kill()
        return void (await installation.addGateway())
      case 'gateway stopped':
        await installation.addGateway()
        gateway.signal('SIGTERM')
        return void (await gateway.exited())
      case 'connections cut':
        return installation.proxy.cut()
      case 'network frozen':
        installation.proxy.mode = 'hang'
        await pause(FROZEN_MS)
        installation.proxy.forget()
        installation.proxy.mode = 'pass'
        return
      case 'Redis killed':
        await installation.redis.kill()
        await pause(this.random.between(0, 500))
        return installation.restartRedis()
    }
  }

  #living(processes: readonly AppProcess[]): AppProcess {
    return this.random.oneOf(processes.filter(({ alive }) => alive))
  }
}
