import type { RedisClient } from '@flexaction/shared/redis'

/** How much memory a Redis uses, and may use, in bytes. */
export interface RedisMemory {
  used: number
  /** 0: as much as there is. */
  most: number
}

/** Of the one Redis, or of that primary of a cluster which is nearest to its limit. */
export async function readRedisMemory(redis: RedisClient): Promise<RedisMemory> {
  const nodes = 'nodes' in redis ? redis.nodes('master') : [redis]
  const all = await Promise.all(nodes.map(async (node) => parseMemory(await node.info('memory'))))
  const [fullest] = all.sort((a, b) => share(b) - share(a) || b.used - a.used)
  return fullest ?? { used: 0, most: 0 }
}

function parseMemory(info: string): RedisMemory {
  const field = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0)
  return { used: field('used_memory'), most: field('maxmemory') }
}

function share({ used, most }: RedisMemory): number {
  return most === 0 ? 0 : used / most
}
