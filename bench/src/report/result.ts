import { mkdir, writeFile } from 'node:fs/promises'
import { type Bench, type Findings, isMet } from '../lab/bench.js'
import { inBench } from '../lab/repository.js'
import type { Surroundings } from './surroundings.js'

/** Keeps what was found, for docs/performance.md (written by `pnpm generate`). */
export async function saveResult(bench: Bench, findings: Findings, where: Surroundings): Promise<void> {
  const { measured, unit, goals, notes = [], versions } = findings
  const result = {
    name: bench.name,
    about: bench.about,
    at: new Date().toISOString().slice(0, 10),
    ...where,
    versions: { ...where.versions, ...versions },
    unit,
    measured: Object.fromEntries(Object.entries(measured).map(([side, values]) => [side, values.map(short)])),
    goals: goals.map((goal) => ({ ...goal, value: short(goal.value), met: isMet(goal) })),
    notes,
  }
  await mkdir(inBench('results'), { recursive: true })
  await writeFile(inBench(`results/${bench.name}.json`), `${JSON.stringify(result, null, 2)}\n`)
}

function short(value: number): number {
  return Number(value.toPrecision(4))
}
