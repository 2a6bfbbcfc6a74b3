import type { Logger } from 'pino'
import { ConfigProblems } from '../config/settings.js'
import { connect, parseRedisUrl, type RedisClient } from './connect.js'
import { Outages } from './outages.js'
import { redisErrorOf } from './redis-errors.js'

const HINTS: Readonly<Record<string, string>> = {
  noauth: 'give it the user and the password that Redis asks for: redis://user:password@host:port',
  noperm: 'docs/security.md tells which permissions the user needs',
  certificate: 'Redis must show a certificate that this process trusts',
}

/**
 * Waits until Redis answers. Throws ConfigProblems when waiting cannot help: a wrong password, a user without permission, a certificate
 * that is not trusted, or a database that does not exist (the connection would use database 0 instead, and say nothing).
 */
export async function checkRedis(url: string, logger: Logger): Promise<void> {
  const address = parseRedisUrl(url)
  const db = address.kind === 'cluster' ? 0 : address.db
  // Of no database: it must not choose one by itself.
  const redis = connect(db === 0 ? url : url.replace(/\/\d+\/?$/, ''), { name: 'check', whenAway: 'wait' })
  const outages = new Outages(redis, logger)
  try {
    await untilUsable(redis, outages)
    if (db !== 0) await (redis as { select(database: number): Promise<unknown> }).select(db)
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    const { kind, meaning } = redisErrorOf(error) ?? {}
    const problem =
      meaning === 'configuration' && kind !== undefined
        ? `Redis does not let this process in (${said}); ${HINTS[kind]}`
        : `its database ${db} cannot be used (${said}); name one that exists, such as /0`
    throw new ConfigProblems([`REDIS_URL: ${problem}`])
  } finally {
    redis.disconnect()
  }
}

/** Resolves when Redis has answered; rejects with an error that only its operator, or another configuration, can end. */
async function untilUsable(redis: RedisClient, outages: Outages): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const look = (error: Error): void => {
      if (redisErrorOf(error)?.meaning === 'configuration') reject(error)
    }
    redis.on('error', look)
    // A cluster tells the errors of its nodes apart.
    redis.on('node error', (error: Error) => {
      outages.note(error)
      look(error)
    })
    redis.ping().then(() => resolve(), reject)
  })
}
