import { median } from './numbers.js'

/** One side of a comparison: measures once, and returns a number, or several under their names. */
export type Side = () => Promise<number | Readonly<Record<string, number>>>

/** What was measured, by name: a value per round. */
export type Measured = Readonly<Record<string, number[]>>

/**
 * Measures all sides in turn, round by round, and in the opposite order in every other round, so that whatever else the
 * machine is doing meets all of them alike. A first round warms up and does not count.
 */
export async function inTurn(rounds: number, sides: Readonly<Record<string, Side>>, warmUp = true): Promise<Measured> {
  const measured: Record<string, number[]> = {}
  for (let round = warmUp && rounds > 1 ? 0 : 1; round <= rounds; round++) {
    const order = Object.entries(sides)
    if (round % 2 === 0) order.reverse()
    for (const [name, side] of order) {
      const value = await side()
      if (round === 0) continue
      const values = typeof value === 'number' ? { [name]: value } : prefixed(name, value)
      for (const [key, one] of Object.entries(values)) (measured[key] ??= []).push(one)
    }
  }
  return measured
}

/** The median of what was measured under a name. */
export function medianOf(measured: Measured, name: string): number {
  return median(measured[name] ?? [])
}

function prefixed(side: string, values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${side}: ${name}`, value]))
}
