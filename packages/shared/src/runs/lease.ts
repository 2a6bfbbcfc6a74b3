/** Who owns a batch: see lua/lib/run.lua, which writes it. */
export interface Lease {
  /** `<worker>-<number>` of the owner; '' for none. */
  token: string
  state: 'queued' | 'running' | 'delayed' | 'parked'
  generation: number
  /** JSON of the calls that are going on; '' for none. */
  live: string
}

const STATES: Readonly<Record<string, Lease['state']>> = { q: 'queued', r: 'running', d: 'delayed', p: 'parked' }

export function parseLease(lease: string): Lease {
  const [token = '', , , , state = '', generation = '', , ...live] = lease.split('|')
  return { token, state: STATES[state] ?? 'queued', generation: Number(generation) || 0, live: live.join('|') }
}
