import type { Enumerator } from './enumerator.js'
import { tell } from './enumerator.js'
import { FAULTS } from './step-proxy.js'

/** What came of all scenarios, as people read it. */
export function table({ lines, left, failures }: Enumerator, seed: number): string {
  const head = ['scenario', 'steps', 'repetitions', ...FAULTS, 'not reached', 'failures', 'slowest']
  const rows = lines.map((line) => [
    line.scenario,
    line.steps,
    line.repetitions,
    ...FAULTS.map((fault) => line.faults.get(fault) ?? 0),
    line.notReached,
    line.failures.length,
    `${(line.slowestMs / 1_000).toFixed(1)} s (${line.slowest})`,
  ])
  const texts = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)))
  const drawn = texts.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const all = lines.flatMap((line) => line.failures.map((failure) => tell(line, failure)))
  return [
    ...drawn,
    '',
    `seed ${seed}; ${failures} failures${left > 0 ? `; ${left} repetitions were left out for want of time` : ''}`,
    ...all,
  ].join('\n')
}
