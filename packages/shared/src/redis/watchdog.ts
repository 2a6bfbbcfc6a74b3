import { Redis } from 'ioredis'
import type { RedisClient } from './connect.js'

/** Between two questions to Redis, in ms. */
const ASK_EVERY_MS = 250
/** An answer that takes longer means that the connection is dead, although nobody has closed it, in ms. */
const ANSWER_WITHIN_MS = 600
/** A connection may take this long to come about, in ms. */
const READY_WITHIN_MS = 5_000

/**
 * Notices a connection that died without a word (half-open: a pulled cable, a firewall that forgot it, a frozen Redis), and
 * breaks it, so that what waits on it fails or is sent again, and it is made anew. Returns what ends the watch.
 */
export function watchConnection(redis: RedisClient): () => void {
  // A cluster's connections come and go with its nodes.
  if (!(redis instanceof Redis)) return () => undefined
  let asked: number | undefined
  let lastLook = performance.now()
  let notReadySince = performance.now()
  const look = (): void => {
    const now = performance.now()
    const late = now - lastLook - ASK_EVERY_MS
    lastLook = now
    if (redis.status !== 'ready') {
      asked = undefined
      const stuck = redis.status === 'connect' && now - notReadySince > READY_WITHIN_MS
      if (stuck) breakConnection(redis)
      if (stuck || redis.status !== 'connect') notReadySince = now
      return
    }
    notReadySince = now
    if (asked === undefined) {
      const question = now
      asked = question
      const answered = (): void => {
        if (asked === question) asked = undefined
      }
      redis.ping().then(answered, answered)
      // A process that was busy itself has not looked whether an answer came: it gets that time on top.
    } else if (late > ANSWER_WITHIN_MS / 2) asked += late
    else if (now - asked > ANSWER_WITHIN_MS) {
      asked = undefined
      breakConnection(redis)
    }
  }
  const timer = setInterval(look, ASK_EVERY_MS)
  return () => clearInterval(timer)
}

/** Closing it in order would wait for the other side. */
function breakConnection(redis: Redis): void {
  redis.stream.destroy(new Error('the connection to Redis is dead: no answer'))
}
