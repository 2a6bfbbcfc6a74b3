import type { Lab } from './lab.js'
import type { Measured } from './rounds.js'

/** Something that must hold. */
export interface Goal {
  /** What is compared: "ours ÷ one job per id". */
  what: string
  value: number
  /** `×` for ratios. */
  unit: '×' | 'ms' | 'MB'
  atLeast?: number
  atMost?: number
}

export interface Findings {
  /** By side, a value per round. */
  measured: Measured
  unit: string
  goals: Goal[]
  /** What a reader must know: settings, what was skipped and why. */
  notes?: string[]
  /** Of what this bench alone is measured with. */
  versions?: Record<string, string>
}

/** A bench that cannot be measured here. */
export interface Skipped {
  /** What is missing, and where it is had. */
  skipped: string
}

export interface Bench {
  name: string
  /** What is measured, in a sentence. */
  about: string
  run(lab: Lab): Promise<Findings | Skipped>
}

export function isMet({ value, atLeast, atMost }: Goal): boolean {
  return (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost)
}
