import type { Bench } from '../lab/bench.js'
import { executeAction, workedMs } from '../lab/client.js'
import { idsUpTo } from '../lab/ids.js'
import { inTurn, medianOf, type Measured } from '../lab/rounds.js'

const HANDLER_MS = 20
const SLOTS = 50
const SIZES = [1, 2, 4, 8]

export const scale: Bench = {
  name: 'scale',
  about: '20,000 items of 20 ms on 1, 2, 4 and 8 workers of 50 slots each',
  run: async (lab) => {
    const count = lab.items(20_000, 1_000)
    const ours = await lab.installation({ workers: 1 })
    const body = executeAction({ name: 'wait', model: 'users', ids: idsUpTo(count), params: { ms: HANDLER_MS } })
    const timers = Array.from({ length: Math.max(...SIZES) }, () => lab.peer('timers'))
    let measured: Measured = {}
    for (const workers of SIZES) {
      while (ours.workers.length < workers) await ours.addWorker()
      measured = {
        ...measured,
        ...(await inTurn(lab.rounds(5), {
          [sideOf(workers)]: async () => {
            const run = await ours.client.runToEnd(body)
            await lab.redis.forgetRuns()
            return count / (workedMs(run) / 1_000)
          },
          [`no queue, ${sideOf(workers, 'process', 'processes')}`]: async () => {
            const share = count / workers
            const took = timers.slice(0, workers).map((one) => one.call<number>('wait', share, SLOTS, HANDLER_MS))
            return count / (Math.max(...(await Promise.all(took))) / 1_000)
          },
        })),
      }
    }
    const alone = medianOf(measured, sideOf(1))
    return {
      measured,
      unit: 'items/s',
      goals: SIZES.slice(1).map((workers) => ({
        what: `${workers} workers ÷ (${workers} × one)`,
        value: medianOf(measured, sideOf(workers)) / (workers * alone),
        unit: '×' as const,
        atLeast: 0.95,
      })),
      notes: [
        'workers are added one by one to the same installation: sizes are not measured in turn',
        'no queue: as many processes that know their share beforehand, and wait for timers of 20 ms',
      ],
    }
  },
}

function sideOf(count: number, one = 'worker', many = 'workers'): string {
  return count === 1 ? `1 ${one}` : `${count} ${many}`
}
