import type { Bench } from '../lab/bench.js'
import { BullMq } from '../lab/bullmq.js'
import { executeAction } from '../lab/client.js'
import { idsUpTo } from '../lab/ids.js'
import { inTurn, medianOf } from '../lab/rounds.js'

export const redisCpu: Bench = {
  name: 'redis-cpu',
  about: 'Redis’s CPU time per item, queued and worked off, 100,000 items',
  run: async (lab) => {
    const count = lab.items(100_000)
    const ours = await lab.installation()
    const bullmq = await BullMq.open(lab)
    const body = executeAction({ name: 'nothing', model: 'users', ids: idsUpTo(count) })
    const perItem = async (work: () => Promise<unknown>): Promise<number> => {
      const before = await lab.redis.cpuMs()
      await work()
      const spent = (await lab.redis.cpuMs()) - before
      await lab.redis.forgetRuns()
      return (spent * 1_000) / count
    }
    const measured = await inTurn(lab.rounds(5), {
      ours: () => perItem(() => ours.client.runToEnd(body)),
      'one job per id': () =>
        perItem(async () => {
          await bullmq.add(count)
          await bullmq.work({ ids: count, concurrency: 100 })
        }),
    })
    const value = medianOf(measured, 'ours') / medianOf(measured, 'one job per id')
    return {
      measured,
      unit: 'µs/item',
      goals: [{ what: 'ours ÷ one job per id', value, unit: '×', atMost: 0.03 }],
    }
  },
}
