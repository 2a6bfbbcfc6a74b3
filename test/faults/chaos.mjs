// `pnpm chaos --minutes N --seed S`: thousands of runs while processes are killed, frozen and cut off; a table at the end.
// `pnpm chaos --every-step`: each scenario of every-step/scenarios.ts again and again, with each fault at each of its steps.
// `--scenario`, `--fault` (several with commas) and `--step` choose among them, `--list` tells the steps, `--minutes` ends it
// before it is through, `--lanes` says how many installations are at work side by side.
import { parseArgs } from 'node:util'
import { runTests } from '../../deploy/local/run-tests.mjs'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    'every-step': { type: 'boolean', default: false },
    list: { type: 'boolean' },
    scenario: { type: 'string' },
    fault: { type: 'string' },
    step: { type: 'string' },
    lanes: { type: 'string' },
  },
})
const everyStep = values['every-step']
const minutes = values.minutes ?? (everyStep ? undefined : '2')
const { seed, list, scenario, fault, step, lanes } = values
for (const [name, value] of Object.entries({ minutes, seed, step, lanes })) {
  if (value === undefined || Number(value) > 0) continue
  process.stderr.write(`--${name} must be a number above 0, received '${value}'\n`)
  process.exit(2)
}
const settings = {
  CHAOS_MINUTES: minutes,
  CHAOS_SEED: seed,
  EVERY_STEP: everyStep ? 'yes' : undefined,
  STEP_LIST: list ? 'yes' : undefined,
  STEP_SCENARIO: scenario,
  STEP_FAULT: fault,
  STEP_NUMBER: step,
  STEP_LANES: lanes,
}
for (const [name, value] of Object.entries(settings)) if (value !== undefined) process.env[name] = value
process.exit(
  await runTests([everyStep ? 'faults/every-step.test' : 'faults/chaos.test', '--disable-console-intercept']),
)
