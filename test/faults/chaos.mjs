// `pnpm chaos --minutes N --seed S`: thousands of runs while processes are killed, frozen and cut off; a table at the end.
import { parseArgs } from 'node:util'
import { runTests } from '../../deploy/local/run-tests.mjs'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '2' }, seed: { type: 'string', default: String(Date.now() % 1e9) } },
})
for (const [name, value] of Object.entries(values)) {
  if (Number(value) > 0) continue
  process.stderr.write(`--${name} must be a number above 0, received '${value}'\n`)
  process.exit(2)
}
process.env['CHAOS_MINUTES'] = values.minutes
process.env['CHAOS_SEED'] = values.seed
process.exit(await runTests(['chaos', '--disable-console-intercept']))
