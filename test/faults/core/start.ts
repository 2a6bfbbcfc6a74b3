import { fileURLToPath } from 'node:url'
import { Installation, type InstallationOptions } from '../harness/installation.js'

/** What recovers from a crash is as slow as it is by default: what these tests see happen must not need it. */
export const PATIENT = { STALL_AFTER: '20s', RECONCILE_EVERY: '15s' }

/** An installation with the actions of this folder. Redis is not killed here, so it need not sync each write. */
export async function startCore(options: InstallationOptions = {}): Promise<Installation> {
  return Installation.start({
    syncAlways: false,
    ...options,
    env: { ACTIONS_DIR: fileURLToPath(new URL('actions', import.meta.url)), ...options.env },
  })
}

/** The environment of a process whose clock is wrong by so much, in ms. At SIGUSR2 it steps on by `stepMs`. */
export function skewedBy(ms: number, stepMs = 0): Record<string, string> {
  const preload = new URL('skewed-clock.mjs', import.meta.url).href
  return { NODE_OPTIONS: `--import=${preload}`, CLOCK_SKEW_MS: String(ms), CLOCK_STEP_MS: String(stepMs) }
}
