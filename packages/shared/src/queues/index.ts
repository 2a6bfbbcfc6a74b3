export {
  batchJob,
  batchJobId,
  listingJob,
  parseBatchJobId,
  queueBatches,
  type QueuedRun,
  readBatchJob,
  readBatchLog,
  readListingJob,
} from './batch-jobs.js'
export { type Consumer, Fetcher } from './fetcher.js'
export { JobQueue, type TakenJob } from './job-queue.js'
export { type BatchJobData, JobQueues, type ListingJobData, listingQueueName } from './job-queues.js'
