// BullMQ alone, as its documentation recommends: jobs in bulk, one worker with a concurrency, return values kept.
import { type ConnectionOptions, Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { setTimeout as pause } from 'node:timers/promises'
import { serve } from '../lab/peer.js'

/** Jobs per addBulk: larger ones hold Redis up for long and are no faster. */
const PER_CALL = 1_000

export interface Done {
  jobs: number
  /** Epoch ms. */
  firstAt: number
  lastAt: number
}

let connection: ConnectionOptions
let queue: Queue
let worker: Worker | undefined
let done: Done

serve({
  open: async (url: string, name: string) => {
    connection = new Redis(url, { maxRetriesPerRequest: null })
    queue = new Queue(name, { connection })
    await queue.waitUntilReady()
  },

  /** Adds jobs of `idsPerJob` ids each; returns how long it took, in ms. */
  add: async (ids: number, idsPerJob: number) => {
    const began = performance.now()
    for (let id = 1; id <= ids; id += PER_CALL * idsPerJob) {
      const jobs = []
      for (let first = id; first <= ids && jobs.length < PER_CALL; first += idsPerJob)
        jobs.push({ name: 'job', data: dataOf(first, Math.min(ids, first + idsPerJob - 1)) })
      await queue.addBulk(jobs)
    }
    return performance.now() - began
  },

  /** Starts a worker whose handler takes `ms`. */
  work: async (concurrency: number, ms: number) => {
    done = { jobs: 0, firstAt: 0, lastAt: 0 }
    const handle = async (): Promise<void> => {
      done.firstAt ||= Date.now()
      if (ms > 0) await pause(ms)
    }
    worker = new Worker(queue.name, handle, { connection, concurrency })
    worker.on('completed', () => {
      done.jobs++
      done.lastAt = Date.now()
    })
    await worker.waitUntilReady()
  },

  done: () => Promise.resolve(done),

  rest: async () => {
    await worker?.close()
    worker = undefined
  },

  close: async () => {
    await queue.obliterate({ force: true })
    await queue.close()
  },
})

function dataOf(first: number, last: number): { id: number } | { ids: number[] } {
  if (first === last) return { id: first }
  return { ids: Array.from({ length: last - first + 1 }, (_, at) => first + at) }
}
