import { setTimeout as pause } from 'node:timers/promises'
import type { Done } from '../baselines/bullmq.js'
import type { Lab } from './lab.js'
import type { Peer } from './peer.js'

export interface BullMqWork {
  ids: number
  idsPerJob?: number
  concurrency: number
  /** What the handler takes. */
  ms?: number
  workers?: number
}

/** BullMQ without us, on the same Redis. */
export class BullMq {
  private constructor(private readonly peers: readonly [Peer, ...Peer[]]) {}

  static async open(lab: Lab, workers = 1): Promise<BullMq> {
    const peers = Array.from({ length: workers }, () => lab.peer('bullmq')) as [Peer, ...Peer[]]
    for (const peer of peers) await peer.call('open', lab.redis.url, 'baseline')
    return new BullMq(peers)
  }

  /** Queues jobs; how long that took, in ms. */
  add(ids: number, idsPerJob = 1): Promise<number> {
    return this.peers[0].call('add', ids, idsPerJob)
  }

  /** Works off what is queued: from the first job's start to the last one's end, in ms. */
  async work({ ids, idsPerJob = 1, concurrency, ms = 0, workers = 1 }: BullMqWork): Promise<number> {
    const peers = this.peers.slice(0, workers)
    await Promise.all(peers.map((peer) => peer.call('work', concurrency, ms)))
    const jobs = Math.ceil(ids / idsPerJob)
    for (;;) {
      const done = await Promise.all(peers.map((peer) => peer.call<Done>('done')))
      if (done.reduce((sum, one) => sum + one.jobs, 0) >= jobs) {
        await Promise.all(peers.map((peer) => peer.call('rest')))
        const started = done.filter(({ firstAt }) => firstAt > 0)
        return Math.max(...started.map(({ lastAt }) => lastAt)) - Math.min(...started.map(({ firstAt }) => firstAt))
      }
      await pause(20)
    }
  }
}
