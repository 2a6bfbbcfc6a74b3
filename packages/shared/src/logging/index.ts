import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger } from 'pino'

/** Keys whose values are never logged, wherever they stand in what is logged. */
const SECRET_KEYS = ['authorization', 'cookie', 'password', 'token', 'secret']
/** What else a key may be called, as others write it, without `_` and `-`. */
const SECRET_WORDS = [...SECRET_KEYS, 'passwd', 'passphrase', 'apikey', 'accesskey', 'privatekey', 'credential']

/** Log levels that `LOG_LEVEL` may name. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** A structured logger: JSON lines on stdout, `app` on each, secrets masked. */
export function createLogger(app: string, level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { app, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[masked]' },
      serializers: { err: (error: unknown) => maskError(pino.stdSerializers.err(error as Error)) },
    },
    destination ?? pino.destination({ sync: false }),
  )
}

/** Replaces passwords in addresses (`scheme://user:password@host`) and the values of Authorization headers. */
export function maskSecrets(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:@/]*:)[^\s@/]+@/gi, '$1***@')
    .replace(/\b(Bearer|Token|ProjectToken|JWT)\s+[\w.~+/=-]{8,}/g, '$1 ***')
}

/** A copy in which the values of secret keys, at any depth, and secrets within texts are masked. */
export function maskFields(value: unknown): unknown {
  if (typeof value === 'string') return maskSecrets(value)
  if (Array.isArray(value)) return value.map(maskFields)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, isSecretKey(key) ? '[masked]' : maskFields(one)]),
  )
}

/** Also `api_token`, `newPassword`, `X-Api-Key`: a name that holds one of the words. */
function isSecretKey(key: string): boolean {
  const name = key.toLowerCase().replaceAll(/[_-]/g, '')
  return SECRET_WORDS.some((word) => name.includes(word))
}

function maskError(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error
  return Object.fromEntries(
    Object.entries(error).map(([key, value]) => [key, typeof value === 'string' ? maskSecrets(value) : value]),
  )
}
