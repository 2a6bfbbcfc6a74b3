import { afterAll, afterEach, beforeAll } from 'vitest'
import { runningSystems } from './system.js'
import { until } from './until.js'

const WATCHED = ['TCPSocketWrap', 'TCPServerWrap', 'Timeout'] as const

let before: Record<string, number>

beforeAll(() => {
  before = count()
})

afterEach(() => {
  if (runningSystems.size === 0) return
  runningSystems.clear()
  throw new Error('the test left a system running: stop it, or start it with `await using`')
})

// Checked per file: within one, systems may be shared between its tests.
afterAll(async () => {
  await until('connections, servers and timers of this file to be closed', () => {
    const now = count()
    return WATCHED.every((kind) => (now[kind] ?? 0) <= (before[kind] ?? 0) + (kind === 'Timeout' ? 2 : 0))
  })
})

function count(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}
