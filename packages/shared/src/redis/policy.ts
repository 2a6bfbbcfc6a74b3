import type { Logger } from 'pino'
import type { RedisClient } from './connect.js'

/**
 * What makes this Redis unfit to keep runs: it may drop keys when memory runs out, or loses all with its process. Empty when
 * all is well, or when Redis does not say (managed ones may forbid the question).
 */
async function redisPolicyProblems(redis: RedisClient): Promise<string[]> {
  const setting = async (name: string): Promise<string | undefined> => {
    try {
      const [, value] = (await redis.config('GET', name)) as [string?, string?]
      return value
    } catch {
      return undefined
    }
  }
  const [policy, appendOnly, save] = await Promise.all([
    setting('maxmemory-policy'),
    setting('appendonly'),
    setting('save'),
  ])
  const problems: string[] = []
  if (policy !== undefined && policy !== 'noeviction')
    problems.push(`maxmemory-policy is ${policy}: runs may vanish when memory runs out; set it to noeviction`)
  if (appendOnly === 'no' && save === '')
    problems.push('nothing is written to disk: runs are lost when Redis stops; set appendonly to yes')
  return problems
}

export interface PolicyCheck {
  /** Whether a problem is a reason not to start. */
  refuse: boolean
  logger: Logger
}

/** Reports what is wrong with this Redis, and returns it. Throws when that is a reason not to start. */
export async function checkRedisPolicy(redis: RedisClient, { refuse, logger }: PolicyCheck): Promise<string[]> {
  const problems = await redisPolicyProblems(redis)
  if (problems.length > 0 && refuse) {
    throw new Error(
      `This Redis is not fit for production: ${problems.join('; ')}. Mend its configuration, or set ALLOW_UNSAFE_REDIS=yes`,
    )
  }
  for (const problem of problems) logger.warn(`This Redis is not fit for production: ${problem}`)
  return problems
}
