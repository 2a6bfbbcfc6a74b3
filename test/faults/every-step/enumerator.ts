import { Random } from '../chaos/random.js'
import type { Choice } from './choice.js'
import { Lane } from './lane.js'
import { type Plan, type Repetition, repeat } from './repetition.js'
import { type Scenario, SCENARIOS } from './scenarios.js'
import { type Fault, FAULTS } from './step-proxy.js'

/** So many repetitions go by between two lines that tell how far it has come. */
const TOLD_EVERY = 100

/** What came of one scenario. */
export interface Line {
  scenario: string
  steps: number
  repetitions: number
  /** Repetitions that were over before the step was reached. */
  notReached: number
  faults: Map<Fault, number>
  slowestMs: number
  slowest: string
  failures: Failure[]
}

export interface Failure {
  plan: Plan | undefined
  /** The command at which it happened. */
  command: string
  problems: string[]
  /** Failed at so many of so many repetitions. */
  failed: number
  of: number
}

interface Task {
  line: Line
  scenario: Scenario
  plan: Plan
}

/** Repeats scenarios with a fault at each step. */
export class Enumerator {
  readonly lines: Line[] = []
  readonly #random: Random
  readonly #deadline: number
  #left = 0

  constructor(
    private readonly choice: Choice,
    private readonly report: (text: string) => void,
  ) {
    this.#random = new Random(choice.seed)
    this.#deadline = performance.now() + (choice.withinMs ?? Infinity)
  }

  async run(): Promise<void> {
    const wanted = SCENARIOS.filter(({ name }) => this.choice.scenarios?.includes(name) ?? true)
    const tasks: Task[] = []
    await this.#inLanes(wanted.slice(), async (lane, scenario) => {
      tasks.push(...(await this.#measure(lane, scenario)))
    })
    // The same order for the same seed, whichever lane was quicker; and whatever is left out for want of time is left
    // out of every scenario alike.
    const ordered = wanted.flatMap((scenario) => tasks.filter((task) => task.scenario === scenario))
    this.#left = ordered.length
    await this.#inLanes(this.#shuffle(ordered), (lane, task) => this.#test(lane, task))
  }

  /** Repetitions that there was no time for. */
  get left(): number {
    return this.#left
  }

  get failures(): number {
    return this.lines.reduce((sum, { failures }) => sum + failures.length, 0)
  }

  /** Without a fault: how many steps there are, and whether the promises hold at all. */
  async #measure(lane: SpareLane, scenario: Scenario): Promise<Task[]> {
    const line: Line = {
      ...{ scenario: scenario.name, steps: 0, repetitions: 0, notReached: 0, faults: new Map<Fault, number>() },
      ...{ slowestMs: 0, slowest: '', failures: [] },
    }
    this.lines.push(line)
    // Twice: what is sent only once (scripts that Redis does not know yet) is not counted.
    const turns = this.choice.sample === undefined && this.choice.step === undefined ? 2 : 1
    for (let turn = 1; turn <= turns; turn++) {
      const seen = await lane.repeat(scenario)
      line.steps = turn === 1 ? seen.steps.length : Math.min(line.steps, seen.steps.length)
      this.#note(line, undefined, [seen])
      if (this.choice.list && turn === turns)
        this.report([scenario.name, ...seen.steps.map(({ number, command }) => `  ${number} ${command}`)].join('\n'))
    }
    const { faults = FAULTS, step, sample, list } = this.choice
    if (list) return []
    const steps = step === undefined ? Array.from({ length: line.steps }, (_, at) => at + 1) : [step]
    const all = faults.flatMap((fault) => steps.map((step) => ({ line, scenario, plan: { fault, step } })))
    return sample === undefined ? all : this.#shuffle(all).slice(0, sample)
  }

  async #test(lane: SpareLane, { line, scenario, plan }: Task): Promise<void> {
    if (performance.now() > this.#deadline) return
    this.#left--
    if (this.#left % TOLD_EVERY === 0) this.report(`${this.#left} repetitions to go`)
    const seen = [await lane.repeat(scenario, plan)]
    // Whether it always does, or once in a while.
    if (seen[0] && seen[0].problems.length > 0 && this.choice.sample === undefined)
      seen.push(await lane.repeat(scenario, plan))
    this.#note(line, plan, seen)
  }

  #note(line: Line, plan: Plan | undefined, seen: readonly Repetition[]): void {
    line.repetitions += seen.length
    for (const { struck, ms } of seen) {
      if (plan && struck) line.faults.set(plan.fault, (line.faults.get(plan.fault) ?? 0) + 1)
      if (plan && !struck) line.notReached++
      if (ms > line.slowestMs) [line.slowestMs, line.slowest] = [ms, plan ? `${plan.fault} ${plan.step}` : 'no fault']
    }
    const bad = seen.filter(({ problems }) => problems.length > 0)
    if (bad.length === 0) return
    const problems = [...new Set(bad.flatMap(({ problems }) => problems))]
    const command = bad.find(({ struck }) => struck)?.struck?.command ?? ''
    const failure = { plan, command, problems, failed: bad.length, of: seen.length }
    line.failures.push(failure)
    this.report(tell(line, failure))
  }

  async #inLanes<T>(list: readonly T[], use: (lane: SpareLane, one: T) => Promise<void>): Promise<void> {
    const left = [...list]
    const serve = async (): Promise<void> => {
      await using lane = new SpareLane()
      for (let one = left.shift(); one !== undefined; one = left.shift()) await use(lane, one)
    }
    const served = await Promise.allSettled(Array.from({ length: Math.min(this.choice.lanes, list.length) }, serve))
    for (const end of served) if (end.status === 'rejected') throw end.reason
  }

  #shuffle<T>(list: readonly T[]): T[] {
    const order = list.map((one) => ({ one, at: this.#random.next() }))
    return order.sort((a, b) => a.at - b.at).map(({ one }) => one)
  }
}

/** A lane that is started when it is needed, and again after anything went wrong in it. */
class SpareLane implements AsyncDisposable {
  #lane: Lane | undefined

  async repeat(scenario: Scenario, plan?: Plan): Promise<Repetition> {
    try {
      this.#lane ??= await Lane.start()
    } catch (error) {
      return { steps: [], struck: undefined, problems: [`the installation did not start: ${String(error)}`], ms: 0 }
    }
    const seen = await repeat(this.#lane, scenario, plan)
    if (seen.problems.length > 0) await this[Symbol.asyncDispose]()
    return seen
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const lane = this.#lane
    this.#lane = undefined
    await lane?.[Symbol.asyncDispose]()
  }
}

/** What broke, and how to repeat it. */
export function tell({ scenario }: Line, { plan, command, problems, failed, of }: Failure): string {
  const how = plan ? ` --fault ${plan.fault} --step ${plan.step}` : ''
  const what = problems.map((problem) => `    ${problem}`).join('\n')
  return `  pnpm chaos --every-step --scenario ${scenario}${how}   (${failed} of ${of}; ${command})\n${what}`
}
