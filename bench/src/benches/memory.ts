import type { Bench } from '../lab/bench.js'
import { BullMq } from '../lab/bullmq.js'
import { executeAction } from '../lab/client.js'
import { idsUpTo } from '../lab/ids.js'
import { inTurn, medianOf } from '../lab/rounds.js'

export const memory: Bench = {
  name: 'memory',
  about: 'Redis’s memory per item, 1,000,000 items with their outcomes',
  run: async (lab) => {
    const [count, jobs] = [lab.items(1_000_000), lab.items(100_000)]
    const ours = await lab.installation()
    const bullmq = await BullMq.open(lab)
    const body = executeAction({ name: 'nothing', model: 'users', ids: idsUpTo(count) })
    const perItem = async (items: number, work: () => Promise<unknown>): Promise<number> => {
      await lab.redis.forgetRuns()
      const before = await lab.redis.dataBytes()
      await work()
      const bytes = (await lab.redis.dataBytes()) - before
      await lab.redis.forgetRuns()
      return bytes / items
    }
    const measured = await inTurn(lab.rounds(3), {
      ours: () => perItem(count, () => ours.client.runToEnd(body)),
      'one job per id': () =>
        perItem(jobs, async () => {
          await bullmq.add(jobs)
          await bullmq.work({ ids: jobs, concurrency: 100 })
        }),
    })
    const value = medianOf(measured, 'ours') / medianOf(measured, 'one job per id')
    return {
      measured,
      unit: 'bytes/item',
      goals: [{ what: 'ours ÷ one job per id', value, unit: '×', atMost: 0.1 }],
      notes: ['the baseline with 100,000 jobs, kept with their return values'],
    }
  },
}
