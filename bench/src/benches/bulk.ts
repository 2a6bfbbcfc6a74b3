import type { Bench } from '../lab/bench.js'
import { BullMq } from '../lab/bullmq.js'
import { executeAction, workedMs } from '../lab/client.js'
import { idsUpTo } from '../lab/ids.js'
import { inTurn, medianOf } from '../lab/rounds.js'

const PER_CALL = 500

export const bulk: Bench = {
  name: 'bulk',
  about: 'bulk action, 100,000 ids, batchSize 500: a handler call per 500 ids, an outcome per id',
  run: async (lab) => {
    const count = lab.items(100_000, 1_000)
    const ours = await lab.installation()
    const bullmq = await BullMq.open(lab)
    const body = executeAction({ name: 'nothing_in_bulk', model: 'users', ids: idsUpTo(count) })
    const measured = await inTurn(lab.rounds(9), {
      ours: async () => {
        const began = performance.now()
        const run = await ours.client.runToEnd(body)
        const whole = performance.now() - began
        await lab.redis.forgetRuns()
        return { worked: count / (workedMs(run) / 1_000), 'request to end': count / (whole / 1_000) }
      },
      'jobs of 500 ids': async () => {
        const adding = await bullmq.add(count, PER_CALL)
        const working = await bullmq.work({ ids: count, idsPerJob: PER_CALL, concurrency: 50 })
        await lab.redis.forgetRuns()
        return { worked: count / (working / 1_000), 'request to end': count / ((adding + working) / 1_000) }
      },
    })
    const ratio = medianOf(measured, 'ours: request to end') / medianOf(measured, 'jobs of 500 ids: request to end')
    return {
      measured,
      unit: 'items/s',
      goals: [{ what: 'ours ÷ jobs of 500 ids, request to end', value: ratio, unit: '×', atLeast: 0.9 }],
      notes: ['BullMQ stores a return value per job, we an outcome per id'],
    }
  },
}
