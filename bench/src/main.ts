import { benches } from './benches/index.js'
import { isMet } from './lab/bench.js'
import { Lab } from './lab/lab.js'
import { median, readable } from './lab/numbers.js'

const names = process.argv.slice(2).filter((a) => !a.startsWith('-'))
const lab = await Lab.open(process.argv.includes('--smoke'), undefined)
try {
  for (const bench of benches.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const findings = await bench.run(lab)
    console.log(bench.name, bench.about)
    for (const [side, values] of Object.entries(findings.measured))
      console.log('  ', side, readable(median(values)), findings.unit, values.map(readable).join(' '))
    for (const goal of findings.goals)
      console.log(
        '  ',
        isMet(goal) ? 'ok' : 'MISSED',
        goal.what,
        readable(goal.value),
        goal.unit,
        goal.atLeast ?? goal.atMost,
      )
    await lab.clear()
  }
} finally {
  await lab.close()
}
