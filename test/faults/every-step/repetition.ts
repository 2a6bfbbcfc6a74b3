import { calledAfterEnd, judge } from './judge.js'
import type { Lane } from './lane.js'
import { patiently } from './patience.js'
import type { Scenario } from './scenarios.js'
import type { Fault, Step } from './step-proxy.js'
import { Trial } from './trial.js'

/** The fault of a repetition, and the step at which it happens. */
export interface Plan {
  fault: Fault
  step: number
}

export interface Repetition {
  /** The commands that were numbered. */
  steps: readonly Step[]
  /** The step at which the fault happened; `undefined` when the scenario was over before it. */
  struck: Step | undefined
  problems: string[]
  /** From the beginning of numbering until every run had ended, in ms. */
  ms: number
}

/** After a fault a new run must be served within this, in ms. */
const SERVED_AGAIN_WITHIN_MS = 10_000

/** Does a scenario once, with a fault or without, and judges what came of it. */
export async function repeat(lane: Lane, scenario: Scenario, plan?: Plan): Promise<Repetition> {
  const trial = new Trial(lane)
  const { proxy } = lane.station(scenario.app)
  let remembering: Promise<void> = Promise.resolve()
  let ms = 0
  try {
    const run = (await scenario.prepare?.(trial)) ?? ''
    proxy.onStruck = () => {
      remembering = trial.remember().catch((error: unknown) => trial.problem(`looking at the fault: ${String(error)}`))
    }
    const armedAt = performance.now()
    proxy.arm(plan)
    await scenario.act(trial, run)
    await trial.allEnded()
    ms = performance.now() - armedAt
  } catch (error) {
    trial.problem(`the scenario did not get on: ${String(error)}`)
  }
  const { steps, struck } = proxy
  try {
    await proxy.disarm()
    await remembering
    for (const problem of await lane.settle()) trial.problem(problem)
  } catch (error) {
    trial.problem(`the processes did not come back: ${String(error)}`)
  }
  // A process that was frozen has gone on by the time that it has served this one.
  await probe(lane, trial)
  try {
    await judge(trial, {
      fault: struck && plan?.fault,
      workerHit: scenario.app === 'worker' && !!struck && plan?.fault.startsWith('cut') === false,
      deaths: scenario.deaths ?? 0,
    })
  } catch (error) {
    trial.problem(`judging failed: ${String(error)}`)
  }
  for (const problem of calledAfterEnd(trial)) trial.problem(problem)
  for (const id of trial.ended.keys()) {
    lane.judged.set(id, Date.now())
    lane.calls.slim(id)
  }
  return { steps, struck, problems: trial.problems, ms }
}

/** A new run is accepted, and succeeds. */
async function probe(lane: Lane, trial: Trial): Promise<void> {
  const served = async (): Promise<boolean> => {
    const [id] = trial.ids(1)
    const gateway = await lane.gateway.process
    const answer = await lane.installation.execute({ name: 'probe', id }, { prefer: 'wait=3' }, gateway)
    await answer.text()
    return answer.status === 201
  }
  const again = await patiently(SERVED_AGAIN_WITHIN_MS, () => served().catch(() => false))
  if (!again) trial.problem(`P5: afterwards no new run is served within ${SERVED_AGAIN_WITHIN_MS / 1_000} s`)
}
