import { Redis } from 'ioredis'
import type { RedisClient } from './connect.js'

/** Between two looks at a connection, in ms. Twice this on top of the time for an answer must stay well within a second. */
const LOOK_EVERY_MS = 100
/** An answer that takes longer means that the connection is dead, although nobody has closed it, in ms. */
const ANSWER_WITHIN_MS = 600
/**
 * So long may a connection take from its opening to its first use, in ms: a few answers. One that is opened while the network
 * is down is as dead as those that it replaces, and is not asked anything before it is ready.
 */
const READY_WITHIN_MS = 1_500

export interface WatchOptions {
  /** The longest that one command keeps the connection from answering, in ms; default 0. */
  blockedForMs?: number
}

/** What a connection owes. */
interface Debt {
  what: 'ready' | 'answer'
  /** The socket; a new one owes nothing yet. */
  on: Redis['stream']
  since: number
}

/**
 * Notices a connection that died without a word (half-open: a pulled cable, a firewall that forgot it, a frozen Redis), and
 * breaks it, so that what waits on it fails or is sent again, and it is made anew. Returns what ends the watch.
 */
export function watchConnection(redis: RedisClient, { blockedForMs = 0 }: WatchOptions = {}): () => void {
  // A cluster's connections come and go with its nodes.
  if (!(redis instanceof Redis)) return () => undefined
  let owed: Debt | undefined
  let lastLook = performance.now()
  const look = (): void => {
    const now = performance.now()
    const late = now - lastLook - LOOK_EVERY_MS
    lastLook = now
    const what = redis.status === 'ready' ? 'answer' : redis.status === 'connect' ? 'ready' : undefined
    if (what === undefined) {
      owed = undefined
    } else if (owed?.what !== what || owed.on !== redis.stream) {
      const question: Debt = { what, on: redis.stream, since: now }
      owed = question
      if (what === 'ready') return
      const answered = (): void => {
        if (owed === question) owed = undefined
      }
      redis.ping().then(answered, answered)
      // A process that was busy itself has not looked whether an answer came: it gets that time on top.
    } else if (late > ANSWER_WITHIN_MS / 2) owed.since += late
    else if (now - owed.since > (what === 'ready' ? READY_WITHIN_MS : ANSWER_WITHIN_MS + blockedForMs)) {
      owed = undefined
      breakConnection(redis)
    }
  }
  const timer = setInterval(look, LOOK_EVERY_MS)
  return () => clearInterval(timer)
}

/** Breaks a connection that is open, so that it is made anew. Closing it in order would wait for the other side. */
export function breakConnection(redis: RedisClient): void {
  if (!(redis instanceof Redis) || (redis.status !== 'ready' && redis.status !== 'connect')) return
  redis.stream.destroy(new Error('the connection to Redis is dead: no answer'))
}
