import { setTimeout as pause } from 'node:timers/promises'
import type { RecordId } from '@flexaction/shared'
import { range } from '../../harness/range.js'
import type { Installation } from '../harness/installation.js'
import type { Random } from './random.js'

/** A run that was accepted, and what was asked for. */
export interface Sent {
  run: string
  ids: readonly RecordId[]
  /** Whether a person did something to it besides watching. */
  steered: Set<'cancel' | 'pause' | 'resume' | 'retry'>
}

/** Records in the collection that `allExcept` goes over. */
export const COLLECTION_SIZE = 1_500

/** Sends runs of all kinds, one after the other, until it is told to stop. What got no answer is sent again under its key. */
export class Load {
  readonly sent: Sent[] = []
  #count = 0
  #stopped = false

  constructor(
    private readonly installation: Installation,
    private readonly random: Random,
  ) {}

  stop(): void {
    this.#stopped = true
  }

  async client(): Promise<void> {
    while (!this.#stopped) {
      const { params, ids } = this.#next()
      const key = `chaos-${++this.#count}`
      for (;;) {
        const run = await this.#try(params, key)
        if (run === undefined && !this.#stopped) continue
        if (run !== undefined) this.sent.push({ run, ids, steered: new Set() })
        break
      }
      await pause(this.random.between(20, 150))
    }
  }

  #next(): { params: Record<string, unknown>; ids: readonly RecordId[] } {
    const { random } = this
    const name = random.oneOf(['work', 'heed', 'bulk', 'flaky'])
    const form = name === 'flaky' ? {} : { params: { ms: random.oneOf([0, 5, 20]) } }
    if (random.next() < 0.05) {
      const excluded = range(1, random.between(0, 20)).map((n) => n * 7)
      const ids = range(1, COLLECTION_SIZE).filter((id) => !excluded.includes(id))
      return { params: { name, ids: excluded, inverseIds: true, ...form }, ids }
    }
    const most = random.weighted({ 1: 30, 20: 40, 300: 20, 3000: 3 })
    const ids = range(1, random.between(1, Number(most)))
    return { params: { name, ids, ...form }, ids }
  }

  /** The run's id, or `undefined` when there was no clear answer. */
  async #try(params: Record<string, unknown>, key: string): Promise<string | undefined> {
    try {
      const answer = await this.installation.execute(params, { 'idempotency-key': key })
      await answer.text()
      if (answer.status !== 202 && answer.status !== 201 && answer.status !== 503)
        throw new Error(`execute_action answered ${answer.status}`)
      return answer.status === 503 ? undefined : (answer.headers.get('x-run-id') ?? undefined)
    } catch (error) {
      // The gateway was killed while it answered.
      if (error instanceof TypeError) return undefined
      throw error
    }
  }
}
