import { setTimeout as pause } from 'node:timers/promises'

const LOOK_EVERY_MS = 10

/**
 * Waits for a fact, never for time: resolves with the first value of `look` that is not undefined or false. Fails loudly
 * after `withinMs`, saying what was waited for and what was seen last.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T> | T,
  withinMs = 10_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + withinMs
  let seen: unknown
  for (;;) {
    const value = await look()
    if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>
    seen = value
    if (Date.now() > deadline)
      throw new Error(`waited ${withinMs} ms in vain for: ${what} (last seen: ${String(seen)})`)
    await pause(LOOK_EVERY_MS)
  }
}
