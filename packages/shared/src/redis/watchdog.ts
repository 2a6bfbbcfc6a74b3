import { type Cluster, Redis } from 'ioredis'
import type { RedisClient } from './connect.js'

/**
 * So long may a connection take from its opening to its first use, in ms: a few answers. One that is opened while the network
 * is down is dead from its first moment, and is not asked anything before it is ready.
 */
const READY_WITHIN_MS = 1_500

export interface WatchOptions {
  /** A connection on which nothing moves for longer while an answer is due counts as dead, in ms. */
  deadAfterMs: number
  /** The longest that one command keeps the connection from answering, in ms; default 0. */
  blockedForMs?: number
}

/** What a connection owes. */
interface Debt {
  what: 'ready' | 'answer'
  /** The socket; a new one owes nothing yet. */
  on: Redis['stream']
  since: number
  /** Bytes that had moved by then. */
  moved: number
}

/**
 * Notices a connection that died without a word (half-open: a pulled cable, a firewall that forgot it, a frozen Redis), and
 * breaks it, so that what waits on it fails or is sent again, and it is made anew. Bytes that move in either direction are
 * a sign of life: a large command on a slow link is not a dead connection. Returns what ends the watch.
 */
export function watchConnection(redis: RedisClient, options: WatchOptions): () => void {
  return redis instanceof Redis ? watchOne(redis, options) : watchNodes(redis, options)
}

/** A cluster's connections come and go with its nodes. */
function watchNodes(cluster: Cluster, options: WatchOptions): () => void {
  const watches = new Map<Redis, () => void>()
  const watch = (node: Redis): void => void watches.set(node, watchOne(node, options))
  const unwatch = (node: Redis): void => {
    watches.get(node)?.()
    watches.delete(node)
  }
  for (const node of cluster.nodes()) watch(node)
  cluster.on('+node', watch)
  cluster.on('-node', unwatch)
  return () => {
    cluster.off('+node', watch)
    cluster.off('-node', unwatch)
    for (const end of watches.values()) end()
  }
}

function watchOne(redis: Redis, { deadAfterMs, blockedForMs = 0 }: WatchOptions): () => void {
  const lookEveryMs = Math.min(2_000, deadAfterMs / 4)
  let movedBefore = 0
  let owed: Debt | undefined
  let lastLook = performance.now()
  const look = (): void => {
    const now = performance.now()
    const late = now - lastLook - lookEveryMs
    lastLook = now
    const what = redis.status === 'ready' ? 'answer' : redis.status === 'connect' ? 'ready' : undefined
    if (what === undefined) {
      owed = undefined
      return
    }
    const moved = bytesMoved(redis.stream)
    const alive = moved !== movedBefore
    movedBefore = moved
    // Nothing has to be asked of a connection on which something has moved lately.
    if (what === 'answer' && alive && owed?.what !== 'answer') owed = undefined
    else if (owed?.what !== what || owed.on !== redis.stream) {
      const debt: Debt = { what, on: redis.stream, since: now, moved }
      owed = debt
      if (what === 'ready') return
      const answered = (): void => {
        if (owed === debt) owed = undefined
      }
      redis.ping().then(answered, answered)
    } else if (what === 'answer' && owed.moved !== moved) {
      owed.since = now
      owed.moved = moved
      // A process that was busy itself has not looked whether an answer came: it gets that time on top.
    } else if (late > lookEveryMs) owed.since += late
    else if (now - owed.since > (what === 'ready' ? READY_WITHIN_MS : deadAfterMs + blockedForMs)) {
      owed = undefined
      redis.stream.destroy(new Error('the connection to Redis is dead: no answer'))
    }
  }
  const timer = setInterval(look, lookEveryMs)
  return () => clearInterval(timer)
}

/** Bytes that were received, less those that still wait to be sent: it changes while anything moves. */
function bytesMoved(stream: Redis['stream']): number {
  return 'bytesRead' in stream ? stream.bytesRead - stream.writableLength : 0
}
