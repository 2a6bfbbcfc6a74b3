import { type DestinationStream, type Logger, pino } from 'pino'
import { MASKED } from '../texts/mask-secrets.js'
import { escapeUnseen } from './escape-unseen.js'
import { errorForLog } from './error-for-log.js'

export type { Logger } from 'pino'
export { maskSecrets } from '../texts/mask-secrets.js'
export { maskFields } from './mask-fields.js'
export { maskedLogger } from './masked-logger.js'

/** Keys whose values are never logged, wherever they stand in what is logged. */
const SECRET_KEYS = ['authorization', 'cookie', 'password', 'token', 'secret']

/** Log levels that `LOG_LEVEL` may name. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** A structured logger: JSON lines on stdout, `app` on each, secrets masked, and nothing in them that a terminal obeys. */
export function createLogger(app: string, level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { app, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: MASKED },
      serializers: { err: errorForLog },
      hooks: { streamWrite: escapeUnseen },
    },
    destination ?? pino.destination({ sync: false }),
  )
}
