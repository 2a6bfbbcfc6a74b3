import { setTimeout as pause } from 'node:timers/promises'
import type { RecordId } from '@flexaction/shared'
import { checkCounts, type Installation, type ItemBody, type RunBody } from '../harness/installation.js'
import type { Lane } from './lane.js'
import { patiently } from './patience.js'

/** What a run that was asked for must come to. */
export interface Expected {
  /** Its records, in order. */
  ids: readonly RecordId[]
  /** How each may end. */
  outcome: (id: RecordId) => readonly string[]
  /** How often each is called when nothing is broken; default 1. */
  calls?: (id: RecordId) => number
  /** Whether its records may travel in one run with those of other requests; default false. */
  shared?: boolean
  /** No call may begin so long after the run was accepted, in ms. */
  beginsWithin?: number
}

/** A request, and what was answered: `undefined` when the connection broke. */
export interface Ask {
  expected: Expected
  answers: ({ status: number; text: string; run: string | null } | undefined)[]
}

export const TERMINAL: readonly string[] = ['succeeded', 'completed_with_failures', 'failed', 'cancelled', 'expired']
/** Every accepted run must have ended so long after the scenario was over, in ms: ten times what a quiet machine takes. */
const END_WITHIN_MS = 30_000
/** A request must be answered within its own wait and this, in ms; a gateway may be frozen, or be replaced, meanwhile. */
const ANSWER_WITHIN_MS = 8_000

/** One repetition of a scenario: what is asked for, answered and seen. */
export class Trial {
  readonly asks: Ask[] = []
  readonly problems: string[] = []
  /** When a cancel had been answered with 200, by run. */
  readonly cancelledAt = new Map<string, number>()
  readonly retried = new Set<string>()
  /** Items that had an outcome at the moment of the fault, by run. */
  readonly seen = new Map<string, { items: ItemBody[]; begun: Map<RecordId, number> }>()
  readonly ended = new Map<string, RunBody>()
  readonly stuck = new Set<string>()
  readonly #base: number

  constructor(readonly lane: Lane) {
    this.#base = ++lane.served * 1_000
  }

  get installation(): Installation {
    return this.lane.installation
  }

  /** Ids that no other repetition uses, so that what is left of one is found by its records. They begin at a multiple of 4. */
  ids(count: number): number[] {
    return Array.from({ length: count }, (_, at) => this.#base + at)
  }

  problem(text: string): void {
    if (!this.problems.includes(text)) this.problems.push(text)
  }

  /** Sends an execute_action through the gateway that faults happen to. */
  async ask(params: Record<string, unknown>, expected: Expected, headers: Record<string, string> = {}): Promise<Ask> {
    const ask: Ask = { expected, answers: [] }
    this.asks.push(ask)
    await this.again(ask, params, headers)
    return ask
  }

  /** Sends a request once more. */
  async again(ask: Ask, params: Record<string, unknown>, headers: Record<string, string> = {}): Promise<void> {
    const gateway = await this.lane.gateway.process
    const answer = await this.#answer('execute_action', () => this.installation.execute(params, headers, gateway))
    ask.answers.push(answer)
    if (answer && ![201, 202, 503].includes(answer.status))
      this.problem(`P1: execute_action was answered with ${answer.status} ${answer.text.slice(0, 200)}`)
  }

  /** Steers a run through the gateway that faults happen to, until the answer is clear. Returns when that was. */
  async steer(run: string, word: 'cancel' | 'pause' | 'resume' | 'retry'): Promise<number> {
    if (word === 'retry') this.retried.add(run)
    const clear = await patiently(END_WITHIN_MS, async () => {
      const gateway = await this.lane.gateway.process
      const answer = await this.#answer(word, () => this.installation.steer(run, word, gateway))
      if (answer && ![200, 409, 503].includes(answer.status))
        this.problem(`P5: ${word} was answered with ${answer.status} ${answer.text.slice(0, 200)}`)
      if (answer?.status === 409 || answer?.status === 200) return true
      await pause(50)
      return false
    })
    if (!clear) throw new Error(`${word} was not answered clearly within ${END_WITHIN_MS / 1_000} s`)
    if (word === 'cancel') this.cancelledAt.set(run, Date.now())
    return Date.now()
  }

  /** The run that a request was answered with. */
  runOf(ask: Ask): string {
    const run = ask.answers.findLast((answer) => answer?.run)?.run
    if (!run) throw new Error(`no run was accepted: ${JSON.stringify(ask.answers)}`)
    return run
  }

  /** A run, once it is in one of these states. */
  async runIn(states: readonly string[], id: string): Promise<void> {
    const run = await patiently(END_WITHIN_MS, async () =>
      states.includes((await this.read<RunBody>(`/api/runs/${id}`)).state),
    )
    if (!run) throw new Error(`run ${id} was not ${states.join(' or ')} within ${END_WITHIN_MS / 1_000} s`)
  }

  async begun(run: string): Promise<void> {
    const begun = await patiently(END_WITHIN_MS, async () => {
      await this.lane.calls.read()
      return this.lane.calls.of(run).some(({ what }) => what === 'begin')
    })
    if (!begun) throw new Error(`no handler of run ${run} was called within ${END_WITHIN_MS / 1_000} s`)
  }

  /** All runs that are listed and belong to this repetition. */
  async runs(): Promise<RunBody[]> {
    const { runs } = await this.read<{ runs: (RunBody & { action: string })[] }>('/api/runs?limit=100')
    return runs.filter(({ id, action }) => action !== 'probe' && !this.lane.judged.has(id))
  }

  /** All items of a run. */
  async items(run: string): Promise<ItemBody[]> {
    const items: ItemBody[] = []
    for (let cursor: string | undefined = '0'; cursor !== undefined;) {
      const page: { items: ItemBody[]; next?: string } = await this.read(
        `/api/runs/${run}/items?limit=1000&cursor=${cursor}`,
      )
      items.push(...page.items)
      cursor = page.next
    }
    return items
  }

  /** Reads through the gateway that no fault happens to. It may be too busy at the moment. Throws what is refused. */
  async read<Body>(path: string): Promise<Body> {
    const body = await patiently(END_WITHIN_MS, async () => {
      const answer = await this.installation.get(path)
      const text = await answer.text()
      if (answer.status === 200) return JSON.parse(text) as Body
      if (answer.status !== 503) throw new Error(`GET ${path}: ${answer.status} ${text}`)
      return undefined
    })
    if (!body) throw new Error(`GET ${path} was answered with 503 for ${END_WITHIN_MS / 1_000} s`)
    return body
  }

  /** Every run that was accepted has ended. One that does not is a problem, and the lane is of no use any more. */
  async allEnded(): Promise<void> {
    const known = this.asks.flatMap(({ answers }) => answers.flatMap((answer) => answer?.run ?? []))
    for (const id of new Set([...known, ...(await this.runs()).map(({ id }) => id)])) {
      try {
        const ended = await patiently(END_WITHIN_MS, () => this.#look(id))
        if (ended) this.ended.set(id, ended)
        else throw new Error(`after ${END_WITHIN_MS / 1_000} s: ${JSON.stringify(await this.read(`/api/runs/${id}`))}`)
      } catch (error) {
        this.stuck.add(id)
        this.problem(`P5: an accepted run has not ended, or is not there: ${String(error)}`)
      }
    }
  }

  /** Remembers what has an outcome now: it must stay, and must not be called again. */
  async remember(): Promise<void> {
    for (const { id, total } of await this.runs()) {
      if (total > 200) continue
      const items = (await this.items(id)).filter(({ state }) => TERMINAL.includes(state) || state === 'skipped')
      await this.lane.calls.read()
      const begun = new Map<RecordId, number>()
      for (const { what, ids } of this.lane.calls.of(id))
        if (what === 'begin') for (const one of ids) begun.set(one, (begun.get(one) ?? 0) + 1)
      this.seen.set(id, { items, begun })
    }
  }

  async #look(id: string): Promise<RunBody | undefined> {
    const run = await this.read<RunBody>(`/api/runs/${id}`)
    try {
      checkCounts(run)
    } catch (error) {
      this.problem(`P2: ${String(error)}`)
    }
    return TERMINAL.includes(run.state) ? run : undefined
  }

  async #answer(what: string, send: () => Promise<Response>): Promise<Ask['answers'][number]> {
    const began = performance.now()
    try {
      const answer = await send()
      const ms = performance.now() - began
      if (ms > ANSWER_WITHIN_MS) this.problem(`P10: ${what} was answered after ${Math.round(ms)} ms`)
      return { status: answer.status, text: await answer.text(), run: answer.headers.get('x-run-id') }
    } catch (error) {
      // The gateway was killed while it answered. Any other error is a mistake of this test.
      if (error instanceof TypeError) return undefined
      throw error
    }
  }
}
