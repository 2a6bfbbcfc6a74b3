import type { Bench } from '../lab/bench.js'
import { BullMq } from '../lab/bullmq.js'
import { executeAction, workedMs } from '../lab/client.js'
import { inTurn, medianOf } from '../lab/rounds.js'
import { idsUpTo } from '../lab/ids.js'

export const items: Bench = {
  name: 'items',
  about: '100,000 items that do nothing, one worker, each outcome stored',
  run: async (lab) => {
    const count = lab.items(100_000)
    const ours = await lab.installation()
    const bullmq = await BullMq.open(lab)
    const body = executeAction({ name: 'nothing', model: 'users', ids: idsUpTo(count) })
    const measured = await inTurn(lab.rounds(5), {
      ours: async () => {
        const began = performance.now()
        const run = await ours.client.runToEnd(body)
        const whole = performance.now() - began
        await lab.redis.forgetRuns()
        return { worked: count / (workedMs(run) / 1_000), 'request to end': count / (whole / 1_000) }
      },
      'one job per id': async () => {
        const adding = await bullmq.add(count)
        const working = await bullmq.work({ ids: count, concurrency: 100 })
        await lab.redis.forgetRuns()
        return { worked: count / (working / 1_000), 'request to end': count / ((adding + working) / 1_000) }
      },
    })
    return {
      measured,
      unit: 'items/s',
      goals: [
        {
          what: 'ours ÷ one job per id',
          value: medianOf(measured, 'ours: worked') / medianOf(measured, 'one job per id: worked'),
          unit: '×',
          atLeast: 20,
        },
      ],
      notes: [
        'worked: from the first item’s start to the last one’s end; BullMQ: addBulk, then one worker, concurrency 100',
      ],
    }
  },
}
