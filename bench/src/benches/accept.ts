import type { Bench, Findings } from '../lab/bench.js'
import { BullMq } from '../lab/bullmq.js'
import { executeAction } from '../lab/client.js'
import { idsUpTo } from '../lab/ids.js'
import type { Lab } from '../lab/lab.js'
import { inTurn, medianOf, type Measured } from '../lab/rounds.js'

export const accept: Bench = {
  name: 'accept',
  about: '100,000 and 1,000,000 ids in one request, until they are stored and answered with 202; gateway’s memory',
  run: async (lab): Promise<Findings> => {
    const ours = await lab.installation()
    // Only accepting is measured: without workers, runs wait.
    for (const worker of ours.workers) await worker.stop()
    const bullmq = await BullMq.open(lab)
    const [many, most] = [lab.items(100_000), lab.items(1_000_000)]
    const accepting = (count: number) => {
      const body = executeAction({ name: 'nothing', model: 'users', ids: idsUpTo(count) })
      return async () => {
        ours.gateway.forgetPeak()
        const idle = ours.gateway.memory.now
        const began = performance.now()
        await ours.client.beginWith(body)
        const ms = performance.now() - began
        const memory = (ours.gateway.memory.peak - idle) / (body.length / 1_048_576)
        await lab.redis.forgetRuns()
        return { ms, 'memory ÷ body': memory }
      }
    }
    const adding = (count: number) => async () => {
      const ms = await bullmq.add(count)
      await lab.redis.forgetRuns()
      return ms
    }
    const measured: Measured = {
      ...(await inTurn(lab.rounds(5), {
        'ours, 100,000': accepting(many),
        'ours, 1,000,000': accepting(most),
        'addBulk, 100,000': adding(many),
      })),
      ...(await addOnce(lab, adding(most))),
    }
    const ratio = (ids: string): number =>
      medianOf(measured, `addBulk, ${ids}`) / medianOf(measured, `ours, ${ids}: ms`)
    return {
      measured,
      unit: 'ms',
      goals: [
        { what: 'addBulk ÷ ours, 100,000 ids', value: ratio('100,000'), unit: '×', atLeast: 30 },
        { what: 'addBulk ÷ ours, 1,000,000 ids', value: ratio('1,000,000'), unit: '×', atLeast: 30 },
        {
          what: 'gateway’s memory peak over idle ÷ body, 1,000,000 ids',
          value: medianOf(measured, 'ours, 1,000,000: memory ÷ body'),
          unit: '×',
          atMost: 5,
        },
      ],
      notes: ['addBulk of 1,000,000 jobs was measured once'],
    }
  },
}

async function addOnce(lab: Lab, add: () => Promise<number>): Promise<Measured> {
  return { 'addBulk, 1,000,000': [await add()] }
}
