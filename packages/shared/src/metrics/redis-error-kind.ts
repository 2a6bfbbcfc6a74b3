import { isRedisAway } from '../redis/index.js'

/** What Redis answers first when it refuses a command. */
const REPLY = /^([A-Z]{2,20})\b/

/**
 * The kind of an error of Redis, as the label of a metric: `away` when Redis was not reached, else the reply's first word in small
 * letters, such as `oom` or `readonly`. `undefined`: it is no error of Redis.
 */
export function redisErrorKind(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const reply = REPLY.exec(error.message)?.[1]
  if (reply !== undefined && (error.name === 'ReplyError' || isRedisAway(error))) return reply.toLowerCase()
  return isRedisAway(error) ? 'away' : undefined
}
