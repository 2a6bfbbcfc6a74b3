import { setTimeout as pause } from 'node:timers/promises'
import { range } from '../../harness/range.js'
import type { Installation } from '../harness/installation.js'
import type { Random } from './random.js'

/** A run that was accepted, and what was asked for: the records 1 to `upTo`, without some. */
export interface Sent {
  run: string
  upTo: number
  excluded: ReadonlySet<number>
  /** What people did to it besides watching. */
  steered: Set<'cancel' | 'pause' | 'resume' | 'retry'>
}

/** Records in the collection that `allExcept` goes over. */
export const COLLECTION_SIZE = 3_000
/** Largest selections, by how often they are chosen. A bulk action has one call for fifty of them. */
const SIZES = { 1: 30, 20: 40, 300: 20, 3000: 6 }
const BULK_SIZES = { 1: 20, 300: 30, 3000: 10, 20000: 3 }

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
      const { params, upTo, excluded } = this.#next()
      const key = `chaos-${++this.#count}`
      for (;;) {
        const run = await this.#try(params, key)
        if (run !== undefined) this.sent.push({ run, upTo, excluded, steered: new Set() })
        if (run !== undefined || this.#stopped) break
        await pause(100)
      }
      await pause(this.random.between(20, 150))
    }
  }

  #next(): { params: Record<string, unknown>; upTo: number; excluded: ReadonlySet<number> } {
    const { random } = this
    const name = random.oneOf(['work', 'heed', 'bulk', 'flaky'])
    const form = name === 'flaky' ? {} : { params: { ms: random.oneOf([0, 5, 20]) } }
    if (random.next() < 0.05) {
      const ids = range(1, random.between(0, 20)).map((n) => n * 7)
      return { params: { name, ids, inverseIds: true, ...form }, upTo: COLLECTION_SIZE, excluded: new Set(ids) }
    }
    const upTo = random.between(1, Number(random.weighted(name === 'bulk' ? BULK_SIZES : SIZES)))
    return { params: { name, ids: range(1, upTo), ...form }, upTo, excluded: new Set() }
  }

  /** The run's id, or `undefined` when there was no clear answer, or too much is waiting. */
  async #try(params: Record<string, unknown>, key: string): Promise<string | undefined> {
    const gateway = this.random.oneOf(this.installation.gateways.filter(({ alive }) => alive))
    try {
      const answer = await this.installation.execute(params, { 'idempotency-key': key }, gateway)
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
