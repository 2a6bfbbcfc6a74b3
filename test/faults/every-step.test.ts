import { expect, it } from 'vitest'
import { Enumerator } from './every-step/enumerator.js'
import { FAULTS, type Fault } from './every-step/step-proxy.js'
import { table } from './every-step/table.js'

// `pnpm chaos --every-step` sets these; the suite takes a sample.
const { EVERY_STEP, CHAOS_SEED, CHAOS_MINUTES, STEP_SCENARIO, STEP_FAULT, STEP_NUMBER, STEP_LANES } = process.env
const seed = Number(CHAOS_SEED ?? 20_261_128)

it(
  'a fault at any step of a scenario breaks no promise',
  async () => {
    const enumerator = new Enumerator(
      {
        seed,
        lanes: Number(STEP_LANES ?? 2),
        ...(EVERY_STEP === undefined && { sample: 2 }),
        ...(STEP_SCENARIO && { scenarios: STEP_SCENARIO.split(',') }),
        ...(STEP_FAULT && { faults: FAULTS.filter((fault) => STEP_FAULT.split(',').includes(fault)) as Fault[] }),
        ...(STEP_NUMBER && { step: Number(STEP_NUMBER) }),
        ...(CHAOS_MINUTES && { withinMs: Number(CHAOS_MINUTES) * 60_000 }),
      },
      (text) => console.log(text),
    )
    await enumerator.run()
    console.log(table(enumerator, seed))
    expect(enumerator.failures).toBe(0)
  },
  EVERY_STEP === undefined ? 300_000 : 24 * 3_600_000,
)
