import { Cluster, type Redis } from 'ioredis'
import type { RedisClient } from './connect.js'

/**
 * Joins the commands of one turn of the event loop into one write: one system call in place of one per command, and Redis
 * reads and answers them together. Nothing is delayed: it is sent before the event loop goes on.
 */
export function joinWrites(redis: RedisClient): void {
  if (redis instanceof Cluster) redis.on('+node', (node: Redis) => joinWrites(node))
  else redis.on('connect', () => corkWithinTurn(redis.stream))
}

function corkWithinTurn(stream: Redis['stream']): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
  let corked = false
  const send = (): void => {
    corked = false
    stream.uncork()
  }
  stream.write = (...args: unknown[]): boolean => {
    if (!corked) {
      corked = true
      stream.cork()
      process.nextTick(send)
    }
    return write(...args)
  }
}
