import { setTimeout as pause } from 'node:timers/promises'
import type { Bench } from '../lab/bench.js'
import type { Program } from '../lab/program.js'
import { executeAction } from '../lab/client.js'
import { inTurn, medianOf } from '../lab/rounds.js'

/** Until a process that has just started has come to rest. */
const REST_MS = 2_000

export const allExcept: Bench = {
  name: 'all-except',
  about: '1,000,000 records of a collection, all but one: memory of gateway and worker over idle',
  run: async (lab) => {
    const count = lab.items(1_000_000, 2_000)
    const body = executeAction({ name: 'nothing', model: 'users', ids: [1], inverseIds: true })
    const measured = await inTurn(
      lab.rounds(3),
      {
        ours: async () => {
          const ours = await lab.installation({ env: { RECORDS: String(count) } })
          const [worker] = ours.workers as [Program]
          await pause(REST_MS)
          const idle = [worker.memory.now, ours.gateway.memory.now] as const
          const began = performance.now()
          const run = await ours.client.runToEnd(body)
          const seconds = (performance.now() - began) / 1_000
          if (run.total !== count - 1) throw new Error(`${run.total} of ${count} records were listed`)
          const grown = { worker: worker.memory.peak - idle[0], gateway: ours.gateway.memory.peak - idle[1] }
          await lab.clear()
          return { ...grown, seconds }
        },
      },
      false,
    )
    return {
      measured,
      unit: 'MB',
      goals: ['worker', 'gateway'].map((who) => ({
        what: `${who}’s peak over idle`,
        value: medianOf(measured, `ours: ${who}`),
        unit: 'MB' as const,
        atMost: 40,
      })),
      notes: ['fresh processes in each round: idle is 2 s after their start'],
    }
  },
}
