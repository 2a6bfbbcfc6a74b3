import type { Run } from '../runs/run.js'
import type { ToQueue } from '../runs/run-store.js'
import { RUN_ID } from '../runs/run-id.js'
import type { NewJob, TakenJob } from './job-queue.js'
import type { BatchJobData, JobQueues, ListingJobData } from './job-queues.js'

/** What the jobs of a run tell of it. */
export type QueuedRun = Pick<Run, 'id' | 'identity' | 'total' | 'batchSize'>

/**
 * Queues batches of a run. Harmless when one is queued already. The first of them stands before the later ones of all runs, so
 * that a large run does not hold up others. `begins`: nothing of the run stands in the queue yet.
 */
export async function queueBatches(
  queues: JobQueues,
  run: QueuedRun,
  { batches, generation }: ToQueue,
  begins: boolean,
): Promise<void> {
  // A damaged run may name no action, and so no queue.
  if (batches.length === 0) return
  const jobs = batches.map((batch, at) => batchJob(run, batch, generation, begins && at === 0))
  await queues.batches(run.identity).add(jobs)
}

export function batchJob(run: QueuedRun, batch: number, generation: number, first: boolean): NewJob<BatchJobData> {
  const from = batch * run.batchSize + 1
  const to = Math.min(Math.max(run.total, from), from + run.batchSize - 1)
  const items = from === to ? `item ${from}` : `items ${from}–${to}`
  const data = { run: run.id, batch, generation }
  return { id: batchJobId(data), name: `run ${run.id} ${items}`, data, first }
}

/** Follows from what it is for, so that queuing one twice is harmless. */
export function batchJobId({ run, batch, generation }: BatchJobData): string {
  return generation === 0 ? `${run}-${batch}` : `${run}-${batch}-${generation}`
}

/**
 * What a job is for, by its id and its data, which must say the same; `undefined` for a job that was not made by {@link batchJob}: whoever
 * reaches Redis may add others.
 */
export function readBatchJob({ id, data }: TakenJob): BatchJobData | undefined {
  const meant = parseBatchJobId(id)
  if (!meant || batchJobId(meant) !== id || typeof data !== 'object' || data === null) return undefined
  const { run, batch, generation } = data as Partial<BatchJobData>
  return run === meant.run && batch === meant.batch && generation === meant.generation ? meant : undefined
}

/** The run whose records a job is to list; `undefined` as for {@link readBatchJob}. */
export function readListingJob({ id, data }: TakenJob): ListingJobData | undefined {
  if (!RUN_ID.test(id) || typeof data !== 'object' || data === null) return undefined
  return (data as Partial<ListingJobData>).run === id ? { run: id } : undefined
}

/** `undefined`: this is no id of a batch's job. */
export function parseBatchJobId(id: string): BatchJobData | undefined {
  const [, run, batch, generation] = /^([0-9a-v]{20})-(\d+)(?:-(\d+))?$/.exec(id) ?? []
  if (run === undefined) return undefined
  return { run, batch: Number(batch), generation: Number(generation ?? 0) }
}

export function listingJob(run: string): NewJob<ListingJobData> {
  return { id: run, name: `list the records of run ${run}`, data: { run }, first: true }
}

/** What handlers wrote to a batch's log, its last lines, at most `most`; and which worker has taken the batch last. */
export async function readBatchLog(
  queues: JobQueues,
  run: Pick<Run, 'id' | 'identity' | 'generation'>,
  batch: number,
  most: number,
): Promise<{ lines: string[]; worker?: string }> {
  const queue = queues.batches(run.identity)
  const lines: string[] = []
  let worker: string | undefined
  // Each resume and retry of the run may have queued the batch anew; the newest say most.
  for (let generation = run.generation; generation >= 0 && lines.length < most; generation--) {
    const id = batchJobId({ run: run.id, batch, generation })
    lines.unshift(...(await queue.readLog(id, most - lines.length)))
    worker ??= await queue.takenBy(id)
  }
  return { lines, ...(worker !== undefined && { worker }) }
}
