import { setTimeout as pause } from 'node:timers/promises'
import { until } from '../../harness/until.js'
import type { Installation, ItemBody } from '../harness/installation.js'
import { checkCounts } from '../harness/installation.js'
import type { Load, Sent } from './load.js'
import type { Random } from './random.js'

/** A byte per record tells which of these was seen; 0: none yet. */
export const OUTCOMES = ['', 'succeeded', 'failed', 'skipped', 'cancelled', 'expired']
/** Of a larger run one page is looked at. */
const PAGE = 1_000

/** People who look at runs, and cancel, pause, resume and retry them. */
export class People {
  looks = 0
  readonly deeds: { run: string; deed: string; began: number; ended: number; status: number }[] = []
  /** Outcomes that were seen, by run and record: they must never change, unless by a retry. */
  readonly seen = new Map<string, Uint8Array>()
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
      await (deed === 'look' ? this.#look(sent) : this.#steer(sent, deed))
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

  async #look({ run, upTo }: Sent): Promise<void> {
    await this.#unlessAway(async () => {
      checkCounts(await this.installation.run(run))
      const from = upTo <= PAGE ? 0 : this.random.between(0, upTo - PAGE)
      const answer = await this.installation.get(`/api/runs/${run}/items?limit=${PAGE}&cursor=${from}`)
      if (answer.status !== 200) return
      this.#remember(run, upTo, ((await answer.json()) as { items: ItemBody[] }).items)
      this.looks++
    })
  }

  #remember(run: string, upTo: number, items: readonly ItemBody[]): void {
    const outcomes = this.seen.get(run) ?? new Uint8Array(upTo + 1)
    this.seen.set(run, outcomes)
    for (const { id, state } of items) outcomes[Number(id)] ||= Math.max(0, OUTCOMES.indexOf(state))
  }

  async #steer(sent: Sent, deed: 'cancel' | 'pause' | 'resume' | 'retry'): Promise<void> {
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
