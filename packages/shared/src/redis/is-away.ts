/** Errors of ioredis and BullMQ that mean that Redis cannot be reached; they have no codes of their own. */
const TEXTS =
  /^(Connection is closed|Stream isn't writeable|Command timed out|Command aborted due to connection close|.*max retries per request|the connection to Redis is dead|LOADING |READONLY |MASTERDOWN |CLUSTERDOWN )/i
const CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
])

/** Whether this is no failure of its own, but says that Redis is away. */
export function isRedisAway(error: unknown): boolean {
  return error instanceof Error && (TEXTS.test(error.message) || ('code' in error && CODES.has(error.code)))
}
