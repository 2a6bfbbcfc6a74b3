import { SCENARIOS } from './scenarios.js'
import { type Fault, FAULTS } from './step-proxy.js'

/** What is enumerated, and how. */
export interface Choice {
  /** Only these; default: all. */
  scenarios?: readonly string[]
  faults?: readonly Fault[]
  /** Only this step; default: every one. */
  step?: number
  /** So many steps and faults of each scenario, chosen by the seed; default: all. */
  sample?: number
  /** Tells the steps of each scenario, and causes no fault; default false. */
  list?: boolean
  seed: number
  /** Installations that are at work side by side. */
  lanes: number
  /** After this time nothing new is begun, in ms; default: it goes on to the end. */
  withinMs?: number
}

/** Steps of each scenario that the suite takes. */
const SAMPLE = 1

/** Reads what `pnpm chaos --every-step` was asked for. Throws when a scenario or a fault is not known. */
export function chooseFrom(env: NodeJS.ProcessEnv): Choice {
  const { EVERY_STEP, CHAOS_SEED, CHAOS_MINUTES, STEP_SCENARIO, STEP_FAULT, STEP_NUMBER, STEP_LANES, STEP_LIST } = env
  const scenarios = namesIn(
    '--scenario',
    STEP_SCENARIO,
    SCENARIOS.map(({ name }) => name),
  )
  const faults = namesIn('--fault', STEP_FAULT, FAULTS)
  return {
    seed: Number(CHAOS_SEED ?? 20_261_128),
    lanes: Number(STEP_LANES ?? 2),
    list: STEP_LIST !== undefined,
    ...(EVERY_STEP === undefined && { sample: SAMPLE }),
    ...(scenarios && { scenarios }),
    ...(faults && { faults: faults as Fault[] }),
    ...(STEP_NUMBER && { step: Number(STEP_NUMBER) }),
    ...(CHAOS_MINUTES && { withinMs: Number(CHAOS_MINUTES) * 60_000 }),
  }
}

function namesIn(option: string, text: string | undefined, known: readonly string[]): string[] | undefined {
  const names = text?.split(',')
  const unknown = names?.filter((name) => !known.includes(name)) ?? []
  if (unknown.length > 0)
    throw new RangeError(`${option}: unknown '${unknown.join("', '")}', allowed: ${known.join(', ')}`)
  return names
}
