// graphile-worker alone, with the settings of its documentation's own measurement: jobs added in bulk, fetched by the hundred, and
// their completion written together.
import { Logger, makeWorkerUtils, run, type WorkerUtils } from 'graphile-worker'
import { serve } from '../lab/peer.js'
import { inPortions } from '../lab/portions.js'
import { until } from '../lab/until.js'

const WORKER = {
  concurrentJobs: 24,
  maxPoolSize: 25,
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
}

let utils: WorkerUtils

serve({
  open: async (connectionString: string) => {
    // A line for each job would cost more than the job.
    const logger = new Logger(() => (level, message) => {
      if (String(level) === 'error') console.error(message)
    })
    const preset = { worker: { ...WORKER, connectionString, logger } }
    await run({ preset, taskList: { nothing: () => undefined }, noHandleSignals: true })
    utils = await makeWorkerUtils({ preset })
  },

  /** From the first job's adding to the last one's end, in ms. */
  run: async (jobs: number) => {
    const began = performance.now()
    for (const ids of inPortions(jobs))
      await utils.addJobs(ids.map((id) => ({ identifier: 'nothing', payload: { id } })))
    // A job that has succeeded is removed.
    await until(async () => {
      const { rows } = await utils.withPgClient((client) => client.query('select from graphile_worker.jobs limit 1'))
      return rows.length === 0
    })
    return performance.now() - began
  },
})
