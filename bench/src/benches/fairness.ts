import { setTimeout as pause } from 'node:timers/promises'
import type { Bench } from '../lab/bench.js'
import { executeAction } from '../lab/client.js'
import { idsUpTo } from '../lab/ids.js'
import { oneAfterTheOther } from '../lab/pace.js'
import { median, percentile } from '../lab/numbers.js'

const HANDLER_MS = 20
const SLOTS = 50
const PAUSE_MS = 20

export const fairness: Bench = {
  name: 'fairness',
  about: 'a run of one item while one of 100,000 items of 20 ms is on, same action, one worker: from request to answer',
  run: async (lab) => {
    const count = lab.items(100_000, 5_000)
    const ours = await lab.installation()
    const params = { ms: HANDLER_MS }
    const large = await ours.client.begin({ name: 'wait', model: 'users', ids: idsUpTo(count), params })
    while (((await ours.client.run(large)).counts.succeeded ?? 0) === 0) await pause(20)
    const small = executeAction({ name: 'wait', model: 'users', id: 'one', params })
    const took = await oneAfterTheOther(lab.items(200, 20), PAUSE_MS, async () => {
      const { status, text } = await ours.client.message(small)
      if (status !== 201) throw new Error(`expected 201, received ${status}: ${text}`)
    })
    const { finishedAt } = await ours.client.run(large)
    if (finishedAt !== undefined && !lab.smoke)
      throw new Error('the large run ended before the small ones were measured')
    return {
      measured: {
        'ours: p50': [percentile(took, 50)],
        'ours: p99': [percentile(took, 99)],
        'FIFO of batches: the large run’s own time': [(count * HANDLER_MS) / SLOTS],
      },
      unit: 'ms',
      goals: [{ what: 'p99, with the 20 ms of its own handler', value: percentile(took, 99), unit: 'ms', atMost: 150 }],
      notes: [
        `${took.length} small runs, median ${median(took).toFixed(0)} ms`,
        'in a FIFO queue of batches the small run waits until all batches before it have ended: computed, 50 calls at once',
      ],
    }
  },
}
