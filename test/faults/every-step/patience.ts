import { setTimeout as pause } from 'node:timers/promises'

const LOOK_EVERY_MS = 10
/** A look that takes longer was held up by a busy machine: no more than this counts, in ms. */
const COUNTED_AT_MOST_MS = 50

/**
 * Waits for a fact as `until` does, but by a clock that stands still while this process gets no turn, or whom it asks: thousands of
 * repetitions on a machine that is busy otherwise would else be said to have failed. Resolves with `undefined` when
 * `withinMs` are over.
 */
export async function patiently<T>(
  withinMs: number,
  look: () => Promise<T | undefined | false>,
): Promise<T | undefined> {
  for (let counted = 0; counted < withinMs;) {
    const began = performance.now()
    const value = await look()
    if (value !== undefined && value !== false) return value
    await pause(LOOK_EVERY_MS)
    counted += Math.min(COUNTED_AT_MOST_MS, performance.now() - began)
  }
  return undefined
}
