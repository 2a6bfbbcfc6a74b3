import { fileURLToPath } from 'node:url'
import { until } from '../../harness/until.js'
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

let begun = 0

/** Begins a run, and returns its id. What a busy machine answers with 503 is repeated under the same key. */
export async function begin(installation: Installation, params: Record<string, unknown>): Promise<string> {
  const key = `begin-${++begun}`
  const answer = await until('a run to be accepted', async () => {
    const given = await installation.execute(params, { 'idempotency-key': key })
    if (given.status !== 202 && given.status !== 503) throw new Error(`${given.status}: ${await given.text()}`)
    await given.arrayBuffer()
    return given.status === 202 && given
  })
  return answer.headers.get('x-run-id') ?? ''
}

/** Begins a run of one record for each id, 20 requests at a time. */
export async function beginEach(
  installation: Installation,
  name: string,
  ids: readonly number[],
  params?: Record<string, unknown>,
): Promise<string[]> {
  const runs: string[] = []
  const left = [...ids]
  const client = async (): Promise<void> => {
    for (let id = left.shift(); id !== undefined; id = left.shift())
      runs.push(await begin(installation, { name, id, ...(params && { params }) }))
  }
  await Promise.all(Array.from({ length: 20 }, client))
  return runs
}
