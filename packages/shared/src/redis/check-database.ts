import type { Logger } from 'pino'
import { ConfigProblems } from '../config/settings.js'
import { connect, parseRedisUrl } from './connect.js'
import { logOutages } from './log-outages.js'
import { whenReady } from './when-ready.js'

/**
 * Throws ConfigProblems when the database that a `REDIS_URL` names does not exist: the connection would use database 0 instead, and say
 * nothing. Waits until Redis answers.
 */
export async function checkDatabase(url: string, logger: Logger): Promise<void> {
  const address = parseRedisUrl(url)
  if (address.kind === 'cluster' || address.db === 0) return
  const { db } = address
  // Of no database: it must not choose one by itself.
  const redis = connect(url.replace(/\/\d+\/?$/, ''), { name: 'database check', whenAway: 'wait' })
  logOutages(redis, logger)
  try {
    await whenReady(redis)
    await (redis as { select(database: number): Promise<unknown> }).select(db)
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    throw new ConfigProblems([
      `REDIS_URL: its database ${db} cannot be used (${said}); name one that exists, such as /0`,
    ])
  } finally {
    redis.disconnect()
  }
}
