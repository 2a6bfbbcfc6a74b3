import { type Bench, type Findings, type Goal, isMet } from '../lab/bench.js'
import { median, readable } from '../lab/numbers.js'
import type { Surroundings } from './surroundings.js'

export function printSurroundings({ machine, versions, settings }: Surroundings): void {
  const list = (values: Record<string, string>): string =>
    Object.entries(values)
      .map((entry) => entry.join(' '))
      .join(', ')
  console.log(`${machine}\n${list(versions)}\n${list(settings)}`)
}

/** One bench: medians with each round's value behind them, then what had to hold. */
export function printFindings({ name, about }: Bench, { measured, unit, goals, notes = [] }: Findings): void {
  console.log(`\n${name}: ${about}`)
  const width = Math.max(...Object.keys(measured).map((side) => side.length))
  for (const [side, values] of Object.entries(measured))
    console.log(
      `  ${side.padEnd(width)}  ${readable(median(values)).padStart(10)}   (${values.map(readable).join(' ')})`,
    )
  console.log(`  in ${unit}`)
  for (const goal of goals)
    console.log(`  ${isMet(goal) ? '✓' : '✗'} ${goal.what}: ${readable(goal.value)} ${goal.unit}, ${boundOf(goal)}`)
  for (const note of notes) console.log(`  (${note})`)
}

function boundOf({ atLeast, atMost, unit }: Goal): string {
  return atLeast === undefined ? `at most ${atMost} ${unit}` : `at least ${atLeast} ${unit}`
}
