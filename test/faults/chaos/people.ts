import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../../harness/until.js'
import type { Installation, ItemBody } from '../harness/installation.js'
import { checkCounts } from '../harness/installation.js'
import type { Load } from './load.js'
import type { Random } from './random.js'

const OUTCOMES: ReadonlySet<string> = new Set(['succeeded', 'failed', 'skipped', 'cancelled', 'expired'])

/** People who look at runs, and cancel, pause, resume and retry them. */
export class People {
  looks = 0
  readonly deeds: { run: string; deed: string; began: number; ended: number; status: number }[] = []
  /** Outcomes that were seen, by run and record: they must never change, unless by a retry. */
  readonly seen = new Map<string, Map<unknown, string>>()
  #stopped = false

  constructor(
    private readonly installation: Installation,
    private readonly load: Load,
    private readonly random: Random,
  ) {}

  stop(): void {
    this.#stopped = true
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      await pause(this.random.between(10, 60))
      // Newest runs first: the others have ended.
      const sent = this.load.sent.at(-1 - Math.floor(this.random.next() ** 3 * this.load.sent.length))
      if (!sent) continue
      const deed = this.random.weighted({ look: 12, cancel: 1, pause: 2, resume: 3, retry: 2 })
      await (deed === 'look' ? this.#look(sent.run) : this.#steer(sent, deed))
    }
  }

  /** Whatever was left paused goes on. */
  async resumeAll(): Promise<void> {
    for (const { run, steered } of this.load.sent) {
      if (!steered.has('pause')) continue
      await until('the gateway to let the run go on', async () => {
        const answer = await this.installation.steer(run, 'resume').catch(() => undefined)
        // 409: it was not paused.
        return answer?.status === 200 || answer?.status === 409
      })
    }
  }

  async #look(run: string): Promise<void> {
    await this.#unlessAway(async () => {
      checkCounts(await this.installation.run(run))
      this.#remember(run, await this.installation.items(run))
      this.looks++
    })
  }

  #remember(run: string, items: readonly ItemBody[]): void {
    const outcomes = this.seen.get(run) ?? new Map<unknown, string>()
    this.seen.set(run, outcomes)
    for (const { id, state } of items) if (OUTCOMES.has(state) && !outcomes.has(id)) outcomes.set(id, state)
  }

  async #steer(sent: Load['sent'][number], deed: 'cancel' | 'pause' | 'resume' | 'retry'): Promise<void> {
    // Before it is sent: the answer may get lost.
    sent.steered.add(deed)
    const began = Date.now()
    await this.#unlessAway(async () => {
      const answer = await this.installation.steer(sent.run, deed)
      this.deeds.push({ run: sent.run, deed, began, ended: Date.now(), status: answer.status })
    })
  }

  /** Redis or a gateway may be away at the moment. */
  async #unlessAway(act: () => Promise<void>): Promise<void> {
    try {
      await act()
    } catch (error) {
      const away = error instanceof TypeError || / (503|404) /.test(String(error))
      if (!away) throw error
    }
  }
}
