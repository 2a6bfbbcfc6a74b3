import { expect, it } from 'vitest'
import { setTimeout as pause } from 'node:timers/promises'
import { Faults } from './chaos/faults.js'
import { COLLECTION_SIZE, Load } from './chaos/load.js'
import { People } from './chaos/people.js'
import { Random } from './chaos/random.js'
import { judge, table } from './chaos/verdict.js'
import { Installation } from './harness/installation.js'

// `pnpm chaos` sets these; the suite makes a short run.
const minutes = Number(process.env.CHAOS_MINUTES ?? 0.4)
const seed = Number(process.env.CHAOS_SEED ?? 20_261_124)
const CLIENTS = 4
/** So much waits at most: the end of the run is not to be a long working off. */
const MOST_PENDING = 60_000

it(
  'chaos: whatever is killed, frozen and cut off, every run ends, and every promise holds',
  async () => {
    await using installation = await Installation.start({
      gateways: 2,
      workers: 3,
      env: { USERS: String(COLLECTION_SIZE), RUNS_KEPT: '100000000', MAX_PENDING_ITEMS: String(MOST_PENDING) },
    })
    const load = new Load(installation, new Random(seed))
    const people = new People(installation, load, new Random(seed + 1))
    const faults = new Faults(installation, new Random(seed + 2))
    const going = [...Array.from({ length: CLIENTS }, () => load.client()), people.run(), faults.run()]

    await Promise.race([pause(minutes * 60_000), ...going])
    for (const one of [load, people, faults]) one.stop()
    await Promise.all(going)
    await people.resumeAll()
    const verdict = await judge(installation, load, people, faults)

    console.log(table(verdict, faults, seed))
    expect(verdict).toMatchObject({
      unended: [],
      lost: [],
      settledTwice: [],
      calledAfterCancel: [],
      outcomeWithoutCall: [],
    })
    expect(verdict.runs).toBeGreaterThan(20)
  },
  minutes * 60_000 * 3 + 120_000,
)
