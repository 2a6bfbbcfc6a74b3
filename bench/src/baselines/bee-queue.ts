// bee-queue alone, as its documentation recommends: jobs saved in bulk, one worker with a concurrency, and no events between
// processes where nobody needs them.
import Queue from 'bee-queue'
import { serve } from '../lab/peer.js'
import { inPortions } from '../lab/portions.js'
import { until } from '../lab/until.js'

const CONCURRENCY = 100

let queue: Queue<{ id: number }>

serve({
  open: async (url: string) => {
    queue = new Queue('other', { redis: { url }, getEvents: false, sendEvents: false, storeJobs: false })
    await queue.ready()
    queue.process(CONCURRENCY, () => Promise.resolve())
  },

  /** From the first job's adding to the last one's end, in ms. */
  run: async (jobs: number) => {
    const { succeeded } = await queue.checkHealth()
    const began = performance.now()
    for (const ids of inPortions(jobs)) {
      const errors = await queue.saveAll(ids.map((id) => queue.createJob({ id })))
      if (errors.size > 0) throw new Error(`${errors.size} jobs were not saved`)
    }
    await until(async () => (await queue.checkHealth()).succeeded === succeeded + jobs)
    return performance.now() - began
  },
})
