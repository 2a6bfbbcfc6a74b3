import type { RedisClient } from '@flexaction/shared/redis'
import { randomBytes } from 'node:crypto'

/** The Redis that `npm test` brought up. */
export function redisUrl(): string {
  const url = process.env.TEST_REDIS_URL
  if (!url) throw new Error('TEST_REDIS_URL is not set: run the tests with `npm test`, or set it to a Redis for tests')
  return url
}

/** A key prefix of its own for each test: tests share one Redis and run side by side. Keys of a failed test stay. */
export function freshPrefix(): string {
  return `test-${randomBytes(6).toString('hex')}`
}

/** Every key under a prefix. */
export async function listKeys(redis: RedisClient, prefix: string): Promise<string[]> {
  const nodes = 'nodes' in redis ? redis.nodes('master') : [redis]
  return (await Promise.all(nodes.map((node) => listKeysOf(node, prefix)))).flat()
}

async function listKeysOf(redis: RedisClient, prefix: string): Promise<string[]> {
  const found: string[] = []
  let cursor = '0'
  do {
    const scan = redis as unknown as { scan(...args: unknown[]): Promise<[string, string[]]> }
    const [next, keys] = await scan.scan(cursor, 'MATCH', `${prefix}:*`, 'COUNT', 1_000)
    found.push(...keys)
    cursor = next
  } while (cursor !== '0')
  return found
}

/** All that a prefix holds, as texts: names, fields and values. */
export async function allStored(redis: RedisClient, prefix: string): Promise<string[]> {
  const read = async (key: string): Promise<unknown> => {
    switch (await redis.type(key)) {
      case 'string':
        return redis.get(key)
      case 'hash':
        return redis.hgetall(key)
      case 'list':
        return redis.lrange(key, 0, -1)
      case 'set':
        return redis.smembers(key)
      case 'zset':
        return redis.zrange(key, '0', '-1')
      case 'stream':
        return redis.xrange(key, '-', '+')
      default:
        return undefined // it has expired meanwhile
    }
  }
  const keys = await listKeys(redis, prefix)
  return await Promise.all(keys.map(async (key) => JSON.stringify([key, await read(key)])))
}

/** Removes everything under a prefix. */
export async function removeKeys(redis: RedisClient, prefix: string): Promise<void> {
  const keys = await listKeys(redis, prefix)
  // One by one: on a cluster they lie on different shards.
  await Promise.all(keys.map((key) => redis.unlink(key)))
}
