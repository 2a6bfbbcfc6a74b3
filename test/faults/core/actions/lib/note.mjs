import { appendFileSync } from 'node:fs'

/** The time as it is, also where the process's wall clock is wrong. */
export const realTime = () => Math.round(performance.timeOrigin + performance.now())

/**
 * Leaves a line in the file that CALLS_LOG names: what a handler really did.
 *
 * @param {'begin' | 'end' | 'aborted'} what
 * @param {{ run: { id: string }, attempt: number }} ctx
 * @param {readonly unknown[]} ids
 */
export function note(what, ctx, ids) {
  const line = { what, run: ctx.run.id, attempt: ctx.attempt, ids, pid: process.pid, at: realTime() }
  appendFileSync(String(process.env['CALLS_LOG']), `${JSON.stringify(line)}\n`)
}

/** Keeps the process busy for so long. @param {number} ms */
export function compute(ms) {
  const until = performance.now() + ms
  while (performance.now() < until);
}
