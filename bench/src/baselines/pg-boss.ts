// pg-boss alone, as its documentation recommends for many jobs: inserted in bulk, worked off in batches. Between batches its worker
// waits for half a second at least, unless it is notified: here it is, whenever there is more.
import PgBoss from 'pg-boss'
import { serve } from '../lab/peer.js'
import { inPortions } from '../lab/portions.js'
import { until } from '../lab/until.js'

const QUEUE = 'other'
const BATCH = 1_000

let boss: PgBoss
let worker: string

serve({
  open: async (url: string) => {
    boss = new PgBoss(url)
    boss.on('error', (error) => console.error(error))
    await boss.start()
    await boss.createQueue(QUEUE)
    worker = await boss.work(QUEUE, { batchSize: BATCH, pollingIntervalSeconds: 0.5 }, async (jobs) => {
      await Promise.all(jobs.map(() => Promise.resolve()))
      if (jobs.length === BATCH) boss.notifyWorker(worker)
    })
  },

  /** From the first job's adding to the last one's end, in ms. */
  run: async (jobs: number) => {
    const began = performance.now()
    for (const ids of inPortions(jobs)) {
      await boss.insert(ids.map((id) => ({ name: QUEUE, data: { id } })))
      boss.notifyWorker(worker)
    }
    await until(async () => (await boss.getQueueSize(QUEUE, { before: 'completed' })) === 0)
    const took = performance.now() - began
    await boss.clearStorage()
    return took
  },
})
