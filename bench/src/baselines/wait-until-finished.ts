// What a team would write from BullMQ for an immediate answer: add a job, wait until it is finished. All in one process.
import { Queue, QueueEvents, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { serve } from '../lab/peer.js'
import { oneAfterTheOther, sideBySide } from '../lab/pace.js'

let queue: Queue
let events: QueueEvents

async function ask(): Promise<void> {
  const job = await queue.add('ping', {})
  await job.waitUntilFinished(events)
}

serve({
  open: async (url: string, name: string, concurrency: number) => {
    const connection = new Redis(url, { maxRetriesPerRequest: null })
    queue = new Queue(name, { connection })
    events = new QueueEvents(name, { connection: connection.duplicate() })
    // Each caller that waits listens: that many at once is meant.
    for (const emitter of [queue, events]) emitter.setMaxListeners(0)
    const worker = new Worker(name, () => Promise.resolve({ pong: true }), { connection, concurrency })
    await Promise.all([queue.waitUntilReady(), events.waitUntilReady(), worker.waitUntilReady()])
  },
  oneAfterTheOther: (count: number, pauseMs: number) => oneAfterTheOther(count, pauseMs, ask),
  sideBySide: (count: number, callers: number) => sideBySide(count, callers, ask),
})
