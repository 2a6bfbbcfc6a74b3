export { BatchQueues, type BatchQueuesOptions, type EndedBatch } from './batch-queues.js'
export { BatchConsumer, type BatchConsumerOptions, type BatchEnd, type BatchJob } from './batch-consumer.js'
export { ListingConsumer, type ListingEnd, ListingQueues } from './listing-queues.js'
