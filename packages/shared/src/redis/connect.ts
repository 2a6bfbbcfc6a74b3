import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { joinWrites } from './join-writes.js'
import { redisErrorOf } from './redis-errors.js'

/** A connection to a single Redis, to a Sentinel group or to a cluster. */
export type RedisClient = Redis | Cluster

export interface ConnectOptions {
  /** Shown in Redis's CLIENT LIST. */
  name: string
  /**
   * `wait`: commands wait until Redis is back (workers: what happened must be recorded).
   * `fail-fast`: while Redis is away, commands fail at once (gateways: a caller waits for an answer).
   */
  whenAway: 'wait' | 'fail-fast'
}

/** Forms of `REDIS_URL` that {@link connect} understands. */
export const REDIS_URL_FORMS =
  'redis://[user:password@]host:port[/db], rediss://…, redis+sentinel://host:port,host:port/master-name[/db], redis+cluster://host:port,host:port'

const RECONNECT_AT_MOST_MS = 500
/** A server that refused writes so lately, in ms, counts as a replica still. */
const DEMOTED_LATELY_MS = 5_000

/** Opens a connection; it reconnects by itself until it is closed. */
export function connect(url: string, options: ConnectOptions): RedisClient {
  const redis = open(url, options)
  joinWrites(redis)
  return redis
}

function open(url: string, options: ConnectOptions): RedisClient {
  const demoted = new Demotion(options.whenAway)
  const common = {
    connectionName: options.name,
    maxRetriesPerRequest: null,
    retryStrategy: (attempt: number) => Math.max(demoted.pauseMs(), Math.min(attempt * 50, RECONNECT_AT_MOST_MS)),
    ...(options.whenAway === 'fail-fast' && {
      enableOfflineQueue: false,
      // What was sent when the connection broke fails then; without this it would wait for the next one.
      maxRetriesPerRequest: 0,
    }),
  } satisfies RedisOptions
  const { reconnectOnError } = demoted
  const address = parseRedisUrl(url)
  if (address.kind === 'cluster') {
    const { nodes, ...auth } = address
    return new Cluster(nodes, {
      enableOfflineQueue: options.whenAway === 'wait',
      redisOptions: { ...common, ...pickAuth(auth) },
    })
  }
  if (address.kind === 'sentinel') {
    return new Redis({
      ...common,
      ...pickAuth(address),
      reconnectOnError,
      sentinels: address.nodes,
      // Sentinels say when another server became the master: the old one goes on taking writes that will be lost, for seconds.
      failoverDetector: true,
      name: address.master,
      db: address.db,
    })
  }
  return new Redis(url, { ...common, reconnectOnError })
}

/**
 * A server that has become a replica under an open connection refuses writes for ever: the connection is made anew, and the name or
 * the Sentinels looked up again. Waiting clients then send the command again, others hear that it was refused.
 */
class Demotion {
  #since = Number.NEGATIVE_INFINITY
  #reconnects = 0

  constructor(private readonly whenAway: ConnectOptions['whenAway']) {}

  /** For ioredis: 1 reconnects, 2 also sends the command again. */
  readonly reconnectOnError = (error: Error): false | 1 | 2 => {
    if (redisErrorOf(error)?.kind !== 'readonly') return false
    const now = performance.now()
    if (now - this.#since > DEMOTED_LATELY_MS) this.#reconnects = 0
    this.#since = now
    this.#reconnects++
    return this.whenAway === 'wait' ? 2 : 1
  }

  /** How long to wait before connecting again, in ms: as long as the name still leads to a replica, not without pause. */
  pauseMs(): number {
    return performance.now() - this.#since > DEMOTED_LATELY_MS || this.#reconnects <= 1 ? 0 : RECONNECT_AT_MOST_MS
  }
}

interface Auth {
  username?: string | undefined
  password?: string | undefined
}

export type RedisAddress =
  | { kind: 'single'; db: number }
  | ({ kind: 'cluster'; nodes: { host: string; port: number }[] } & Auth)
  | ({ kind: 'sentinel'; nodes: { host: string; port: number }[]; master: string; db: number } & Auth)

/** Takes a `REDIS_URL` apart. Throws a RangeError that lists the allowed forms. */
export function parseRedisUrl(url: string): RedisAddress {
  const match =
    /^(rediss?|redis\+sentinel|redis\+cluster):\/\/(?:([^:@/]*)(?::([^@]*))?@)?([^/@]+)(?:\/([^/]*))?(?:\/(\d+))?\/?$/.exec(
      url,
    )
  if (!match) throw new RangeError(`must be one of ${REDIS_URL_FORMS}`)
  const [, scheme, username, password, hosts = '', first = '', db] = match
  if ([username, password].some((text) => text !== undefined && !isPercentEncoded(text)))
    throw new RangeError('must have user and password percent-encoded: % itself as %25')
  if (scheme === 'redis' || scheme === 'rediss') {
    if (!/^\d*$/.test(first) || db !== undefined)
      throw new RangeError("must end with a database's number, such as /0, or with none")
    if (!URL.canParse(`redis://${hosts}`)) throw new RangeError('must have one host and a port up to 65535')
    return { kind: 'single', db: Number(first) }
  }
  if (scheme === 'redis+cluster' && first !== '')
    throw new RangeError('must end with no database: a cluster has only one')
  const nodes = hosts.split(',').map(parseHost)
  const auth = { username: decode(username), password: decode(password) }
  if (scheme === 'redis+cluster') return { kind: 'cluster', nodes, ...auth }
  if (first === '')
    throw new RangeError('a Sentinel address needs the master name: redis+sentinel://host:port/master-name')
  return { kind: 'sentinel', nodes, master: first, db: Number(db ?? 0), ...auth }
}

function parseHost(text: string): { host: string; port: number } {
  const match = /^(.+):(\d+)$/.exec(text)
  if (!match || Number(match[2]) > 65_535)
    throw new RangeError('must have a port of at most 65535 for each host: host:port')
  return { host: match[1] ?? '', port: Number(match[2]) }
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

function decode(text: string | undefined): string | undefined {
  return text ? decodeURIComponent(text) : undefined
}

function pickAuth({ username, password }: Auth): { username?: string; password?: string } {
  return { ...(username && { username }), ...(password && { password }) }
}
