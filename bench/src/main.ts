import { parseArgs } from 'node:util'
import { benches } from './benches/index.js'
import { Lab } from './lab/lab.js'
import { printFindings, printSkipped, printSurroundings } from './report/print.js'
import { saveResult } from './report/result.js'
import { surroundings } from './report/surroundings.js'

const USAGE = `Usage: pnpm bench [name…] [--rounds N] [--smoke]

  --rounds N   rounds of each measurement, instead of the bench's own number
  --smoke      one round with few items: shows that the benches work, and measures nothing

Benches: ${benches.map(({ name }) => name).join(', ')}`

process.exitCode = await main(process.argv.slice(2))

async function main(args: string[]): Promise<number> {
  const options = { rounds: { type: 'string' }, smoke: { type: 'boolean', default: false } } as const
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
  const unknown = positionals.find((name) => benches.every((bench) => bench.name !== name))
  if (unknown !== undefined || (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))) {
    console.error(
      unknown === undefined
        ? `--rounds takes a whole number, received '${values.rounds}'`
        : `There is no bench '${unknown}'`,
    )
    console.error(USAGE)
    return 2
  }
  const chosen = benches.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  const lab = await Lab.open(values.smoke, rounds)
  endWithSignals(lab)
  try {
    const where = await surroundings(lab)
    printSurroundings(where)
    let skipped = 0
    for (const bench of chosen) {
      const found = await bench.run(lab)
      if ('skipped' in found) {
        skipped++
        printSkipped(bench, found)
      } else {
        printFindings(bench, found)
        if (!lab.smoke) await saveResult(bench, found, where)
      }
      await lab.clear()
    }
    if (lab.smoke)
      console.log(`\n${chosen.length - skipped} passed, 0 failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
    return 0
  } finally {
    await lab.close()
  }
}

/** What was started must not outlive the bench. */
function endWithSignals(lab: Lab): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void lab.close().finally(() => process.exit(130)))
}
