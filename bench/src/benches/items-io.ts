import type { Bench } from '../lab/bench.js'
import { BullMq } from '../lab/bullmq.js'
import { executeAction, workedMs } from '../lab/client.js'
import { idsUpTo } from '../lab/ids.js'
import { readable } from '../lab/numbers.js'
import { inTurn, medianOf } from '../lab/rounds.js'

const SLOTS = 50
const HANDLER_MS = 5
/** Calls per second of one worker whose slots are never idle. */
const LIMIT = SLOTS / (HANDLER_MS / 1_000)

export const itemsIo: Bench = {
  name: 'items-io',
  about: '100,000 items of 5 ms, concurrency 50, one and two workers',
  run: async (lab) => {
    const count = lab.items(100_000, 1_000)
    const one = await lab.installation()
    const two = await lab.installation({ workers: 2 })
    const bullmq = await BullMq.open(lab, 2)
    const timers = lab.peer('timers')
    const body = executeAction({ name: 'wait', model: 'users', ids: idsUpTo(count), params: { ms: HANDLER_MS } })
    const ours = (installation: typeof one) => async () => {
      const run = await installation.client.runToEnd(body)
      await lab.redis.forgetRuns()
      return count / (workedMs(run) / 1_000)
    }
    const theirs = (workers: number) => async () => {
      await bullmq.add(count)
      const ms = await bullmq.work({ ids: count, concurrency: SLOTS, ms: HANDLER_MS, workers })
      await lab.redis.forgetRuns()
      return count / (ms / 1_000)
    }
    const measured = await inTurn(lab.rounds(3), {
      'ours, 1 worker': ours(one),
      'ours, 2 workers': ours(two),
      'no queue, 1 process': async () =>
        count / ((await timers.call<number>('wait', count, SLOTS, HANDLER_MS)) / 1_000),
      'one job per id, 1 worker': theirs(1),
      'one job per id, 2 workers': theirs(2),
    })
    const alone = medianOf(measured, 'ours, 1 worker')
    return {
      measured,
      unit: 'items/s',
      goals: [
        { what: `one worker ÷ the limit of ${LIMIT} items/s`, value: alone / LIMIT, unit: '×', atLeast: 0.95 },
        { what: 'two workers ÷ one', value: medianOf(measured, 'ours, 2 workers') / alone, unit: '×', atLeast: 1.9 },
      ],
      notes: [
        'the limit: 50 slots that are never idle, and a handler of exactly 5 ms; a timer of Node fires up to 1 ms late',
        `no queue: 50 loops that wait for a timer of 5 ms, ${readable(medianOf(measured, 'no queue, 1 process') / LIMIT)} × the limit: the floor`,
      ],
    }
  },
}
