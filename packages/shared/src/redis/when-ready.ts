import { once } from 'node:events'
import type { RedisClient } from './connect.js'

/** Resolves when the connection can take commands. Connections that fail fast must not be used before. */
export async function whenReady(redis: RedisClient): Promise<void> {
  while (redis.status !== 'ready') {
    // An 'error' ends the wait for this event, but not the reconnecting.
    await once(redis, 'ready').catch(() => undefined)
  }
}
