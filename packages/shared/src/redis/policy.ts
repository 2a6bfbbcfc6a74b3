import type { Logger } from 'pino'
import type { RedisClient } from './connect.js'

/** What is known of one Redis; `undefined`: it does not say. */
interface Facts {
  policy: string | undefined
  appendOnly: boolean | undefined
  /** Whether snapshots are saved from time to time. */
  snapshots: boolean | undefined
}

/**
 * Asks INFO, which managed services allow, and CONFIG, which most forbid, only for what INFO does not tell. Throws when Redis is away.
 */
async function factsOf(node: Pick<RedisClient, 'info' | 'config'>): Promise<Facts> {
  const [memory, persistence] = await Promise.all([node.info('memory'), node.info('persistence')].map(unlessForbidden))
  const facts: Facts = {
    policy: /^maxmemory_policy:(\S+)/m.exec(memory ?? '')?.[1],
    appendOnly: yesOrNo(/^aof_enabled:([01])/m.exec(persistence ?? '')?.[1]),
    snapshots: undefined,
  }
  if (facts.appendOnly === true) return facts
  const save = await unlessForbidden(node.config('GET', 'save'))
  const [, value] = (save ?? []) as [string?, string?]
  return { ...facts, snapshots: value === undefined ? undefined : value !== '' }
}

/** `undefined`: Redis forbids the question, or does not know it. */
async function unlessForbidden<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof Error && /^(?:NOPERM|ERR) /.test(error.message)) return undefined
    throw error
  }
}

function yesOrNo(digit: string | undefined): boolean | undefined {
  return digit === undefined ? undefined : digit === '1'
}

/** What makes a Redis unfit to keep runs, or cannot be known. */
function problemsOf({ policy, appendOnly, snapshots }: Facts): string[] {
  const problems: string[] = []
  if (policy === undefined)
    problems.push(
      'its maxmemory-policy cannot be known, since INFO does not tell it: with another one than noeviction runs may vanish',
    )
  else if (policy !== 'noeviction')
    problems.push(`maxmemory-policy is ${policy}: runs may vanish when memory runs out; set it to noeviction`)
  if (appendOnly === undefined && snapshots === undefined)
    problems.push('whether anything is written to disk cannot be known: INFO and CONFIG do not tell it')
  else if (appendOnly !== true && snapshots === undefined)
    problems.push(
      'appendonly is no, and whether snapshots are saved cannot be known, since CONFIG is forbidden: runs may be lost when Redis stops; set appendonly to yes',
    )
  else if (appendOnly !== true && snapshots === false)
    problems.push('nothing is written to disk: runs are lost when Redis stops; set appendonly to yes')
  return problems
}

export interface PolicyCheck {
  /** Whether a problem is a reason not to start. */
  refuse: boolean
  logger: Logger
}

/**
 * Reports what is wrong with this Redis, or with a primary of this cluster, and returns it. Throws when that is a reason not to start.
 */
export async function checkRedisPolicy(redis: RedisClient, { refuse, logger }: PolicyCheck): Promise<string[]> {
  const nodes = 'nodes' in redis ? redis.nodes('master') : [redis]
  const found = await Promise.all(nodes.map(async (node) => problemsOf(await factsOf(node))))
  const problems = [...new Set(found.flat())]
  if (problems.length > 0 && refuse) {
    throw new Error(
      `This Redis is not fit for production: ${problems.join('; ')}. Mend its configuration, or set ALLOW_UNSAFE_REDIS=yes`,
    )
  }
  for (const problem of problems) logger.warn(`This Redis is not fit for production: ${problem}`)
  return problems
}
