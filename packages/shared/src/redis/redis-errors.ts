/**
 * What an error of Redis says about the command that met it.
 * `refused`: it was certainly not done; trying again later helps.
 * `uncertain`: it may have been done, the answer is missing.
 * `configuration`: it was not done, and trying again helps only when somebody has changed the configuration.
 */
export type RedisErrorMeaning = 'refused' | 'uncertain' | 'configuration'

export interface RedisError {
  /** A label for metrics and logs. */
  kind: string
  meaning: RedisErrorMeaning
}

interface Row extends RedisError {
  /** Matches the error's message or its code. The first row that matches counts. */
  is: RegExp
}

/** A reply of Redis, by its first words; Redis 6 puts others before it when a script met it, ioredis when all Sentinels gave it. */
const reply = (words: string): RegExp => new RegExp(`(?:^|: -|All sentinels .*: )(?:${words})`)

/** The one table of what Redis, and the clients in front of it, answer when they cannot do something. */
const TABLE: readonly Row[] = [
  { kind: 'noauth', meaning: 'configuration', is: reply('NOAUTH |WRONGPASS |ERR AUTH |ERR invalid password') },
  { kind: 'noperm', meaning: 'configuration', is: reply('NOPERM ') },
  {
    kind: 'certificate',
    meaning: 'configuration',
    is: /^(?:DEPTH_ZERO_|SELF_SIGNED_CERT|UNABLE_TO_(?:GET_ISSUER|VERIFY)|CERT_|ERR_TLS_CERT)|^All sentinels .*(?:certificate|altnames)/,
  },
  { kind: 'readonly', meaning: 'refused', is: reply('READONLY ') },
  { kind: 'oom', meaning: 'refused', is: reply('OOM ') },
  { kind: 'noreplicas', meaning: 'refused', is: reply('NOREPLICAS ') },
  { kind: 'misconf', meaning: 'refused', is: reply('MISCONF ') },
  { kind: 'busy', meaning: 'refused', is: reply('BUSY ') },
  { kind: 'loading', meaning: 'refused', is: reply('LOADING ') },
  { kind: 'masterdown', meaning: 'refused', is: reply('MASTERDOWN ') },
  { kind: 'clusterdown', meaning: 'refused', is: reply('CLUSTERDOWN ') },
  { kind: 'tryagain', meaning: 'refused', is: reply('TRYAGAIN ') },
  { kind: 'unblocked', meaning: 'refused', is: reply('UNBLOCKED ') },
  { kind: 'maxclients', meaning: 'refused', is: reply('ERR max number of clients') },
  { kind: 'execabort', meaning: 'refused', is: reply('EXECABORT ') },
  { kind: 'sentinels', meaning: 'refused', is: /^All sentinels are unreachable/ },
  // Not connected: nothing was sent.
  { kind: 'away', meaning: 'refused', is: /^Stream isn't writeable|^Cluster isn't ready|^None of startup nodes/i },
  { kind: 'away', meaning: 'refused', is: /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/ },
  // One of the attempts may have been answered by a connection that broke.
  { kind: 'redirections', meaning: 'uncertain', is: /^Too many Cluster redirections/ },
  { kind: 'away', meaning: 'uncertain', is: /^Failed to refresh slots cache/ },
  {
    kind: 'away',
    meaning: 'uncertain',
    is: /^(?:Connection is closed|Cluster is ended|Command timed out|Command aborted due to connection close|.*max retries per request|the connection to Redis is dead)/i,
  },
  { kind: 'away', meaning: 'uncertain', is: /^(?:ECONNRESET|EPIPE|ETIMEDOUT)$/ },
]

/** What an error says, if it is one of those by which Redis, or the way to it, refuses service; `undefined` for any other. */
export function redisErrorOf(error: unknown): RedisError | undefined {
  if (!(error instanceof Error)) return undefined
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const { message } = error
  return TABLE.find(({ is }) => is.test(message) || is.test(code))
}

/** What Redis answers first when it refuses a command. */
const REPLY = /^([A-Z]{2,20})\b/

/**
 * The kind of any error of Redis, as the label of a metric: that of the table, else the reply's first word in small letters, such as
 * `wrongtype`. `undefined`: it is no error of Redis.
 */
export function redisErrorKind(error: unknown): string | undefined {
  const known = redisErrorOf(error)
  if (known) return known.kind
  return error instanceof Error && error.name === 'ReplyError'
    ? REPLY.exec(error.message)?.[1]?.toLowerCase()
    : undefined
}
