import type { Bench } from '../lab/bench.js'
import { executeAction } from '../lab/client.js'
import { idsUpTo } from '../lab/ids.js'
import type { Installation } from '../lab/installation.js'
import type { Lab } from '../lab/lab.js'
import { inTurn, type Measured } from '../lab/rounds.js'

const SIZES = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
const WORKERS = [1, 2, 4, 8, 16]
/** Items of each measurement: small runs are repeated until they add up to it. */
const ITEMS = 20_000
const MOST_RUNS = 1_000

export const costs: Bench = {
  name: 'costs',
  about:
    'CPU time per item in gateway, worker and Redis, and Redis commands: by size of the run, and by number of workers',
  run: async (lab) => {
    const ours = await lab.installation()
    let measured: Measured = {}
    for (const size of lab.smoke ? [1, 100] : SIZES)
      measured = {
        ...measured,
        ...(await inTurn(lab.rounds(1), { [`${size} items`]: () => costOf(lab, ours, size) }, false)),
      }
    for (const workers of lab.smoke ? [1, 2] : WORKERS) {
      while (ours.workers.length < workers) await ours.addWorker()
      const side = () => costOf(lab, ours, lab.items(ITEMS, 1_000))
      measured = {
        ...measured,
        ...(await inTurn(lab.rounds(1), { [`${ITEMS} items, ${workers} workers`]: side }, false)),
      }
    }
    return { measured, unit: 'per item', goals: [] }
  },
}

/** What runs of that size cost, per item. */
async function costOf(lab: Lab, { client, gateway, workers }: Installation, size: number) {
  const runs = Math.min(MOST_RUNS, Math.max(1, Math.round(ITEMS / size)))
  const body = executeAction({ name: 'nothing', model: 'users', ids: idsUpTo(size) })
  if (runs > 1) for (let n = 0; n < runs / 10; n++) await client.runToEnd(body)
  await lab.redis.resetStats()
  const spent = async () => ({
    gateway: gateway.cpuMs,
    workers: workers.reduce((sum, worker) => sum + worker.cpuMs, 0),
    redis: await lab.redis.cpuMs(),
  })
  const before = await spent()
  for (let n = 0; n < runs; n++) await client.runToEnd(body)
  const after = await spent()
  const stats = await lab.redis.commandStats()
  await lab.redis.forgetRuns()
  const items = runs * size
  return {
    'gateway, µs': ((after.gateway - before.gateway) * 1_000) / items,
    'workers, µs': ((after.workers - before.workers) * 1_000) / items,
    'Redis, µs': ((after.redis - before.redis) * 1_000) / items,
    'Redis commands': stats.reduce((sum, { calls }) => sum + calls, 0) / items,
  }
}
