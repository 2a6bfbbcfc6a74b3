import { type Bench, type Findings, type Goal, isMet, type Skipped } from '../lab/bench.js'
import { median, readable } from '../lab/numbers.js'
import type { Surroundings } from './surroundings.js'

export function printSurroundings({ machine, versions, settings }: Surroundings): void {
  console.log(`${machine}\n${list(versions)}\n${list(settings)}`)
}

/** One bench: medians with each round's value behind them, then what had to hold. */
export function printFindings({ name, about }: Bench, findings: Findings): void {
  const { measured, unit, goals, notes = [], versions } = findings
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
  if (versions !== undefined) console.log(`  (${list(versions)})`)
}

export function printSkipped({ name, about }: Bench, { skipped }: Skipped): void {
  console.log(`\n${name}: ${about}\n  skipped: ${skipped}`)
}

function list(values: Record<string, string>): string {
  return Object.entries(values)
    .map((entry) => entry.join(' '))
    .join(', ')
}

function boundOf({ atLeast, atMost, unit }: Goal): string {
  return atLeast === undefined ? `at most ${atMost} ${unit}` : `at least ${atLeast} ${unit}`
}
