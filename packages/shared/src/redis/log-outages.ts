import type { Logger } from 'pino'
import type { RedisClient } from './connect.js'

/** Logs when Redis goes away and when it is back: once each, however often reconnecting fails in between. */
export function logOutages(redis: RedisClient, logger: Logger): void {
  let away = false
  redis.on('error', (error: Error) => {
    if (!away) logger.warn({ err: error }, 'Redis is away; reconnecting until it is back')
    away = true
  })
  redis.on('ready', () => {
    if (away) logger.info('Redis is back')
    away = false
  })
}
