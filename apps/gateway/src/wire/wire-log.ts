import type { PublishedAction } from '@flexaction/shared/catalog'
import { maskFields } from '@flexaction/shared/logging'
import type { Keys, RedisClient } from '@flexaction/shared/redis'
import { cutText, MASKED, maskedText } from '@flexaction/shared/texts'
import type { WireEntry } from '@flexaction/shared/views'
import { isScheme } from '../access/authorization-header.js'
import type { GatewayContext, GatewayMiddleware } from '../http/context.js'
import { secretPartsOf } from './secret-parts.js'

/** Messages that are kept. */
const MOST_ENTRIES = 100
/** What has passed is told to Redis this often, in ms… */
const TELL_EVERY_MS = 500
/** … but no more than so many messages that went well: under load, looking at them would cost more than answering them. */
const MOST_PER_TELL = 10
/** Characters of a body that are kept. */
const MOST_CHARACTERS = 8_000
/** Characters of a text that are parsed to find the secrets in it. */
const MOST_PARSED = 20 * MOST_CHARACTERS
/** Elements of a list that are kept: a selection may hold a million ids. */
const MOST_ELEMENTS = 50
/** Characters of a request's header that are kept, and of an answer's. */
const LONGEST_REQUEST_HEADER = 300
const LONGEST_ANSWER_HEADER = 1_000

const REQUEST_HEADERS = ['origin', 'content-type', 'prefer', 'idempotency-key', 'user-agent']
const ANSWER_HEADERS = ['content-type', 'location', 'preference-applied', 'retry-after', 'idempotent-replayed']

interface Passed extends Omit<WireEntry, 'request' | 'answer'> {
  requestHeaders: Record<string, string>
  body: unknown
  status: number
  answerHeaders: Record<string, string>
  answer: unknown
}

/**
 * The last messages and their answers, of all gateways, for people who look into a problem. Kept in a short list in Redis,
 * with secrets masked and long bodies cut; written now and then, so that a message costs next to nothing.
 */
export class WireLog {
  #untold: Passed[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly redis: RedisClient,
    private readonly keys: Keys,
    /** What is published now: which fields are secret. */
    private readonly published: () => readonly PublishedAction[],
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Goes around all that answers a message. */
  get record(): GatewayMiddleware {
    return async (ctx, next) => {
      if (ctx.state.area !== 'messages') return await next()
      const began = performance.now()
      await next()
      this.#pass(ctx, Math.round((performance.now() - began) * 10) / 10)
      return undefined
    }
  }

  /** The last messages, newest first. */
  async read(): Promise<WireEntry[]> {
    const entries = await this.redis.lrange(this.keys.wire, 0, MOST_ENTRIES - 1)
    return entries.map((entry) => JSON.parse(entry) as WireEntry)
  }

  async stop(): Promise<void> {
    await this.#tell()
  }

  #pass(ctx: GatewayContext, ms: number): void {
    const most = ctx.status < 400 ? MOST_PER_TELL : MOST_ENTRIES
    if (this.#untold.length >= most) return
    const { requestId, caller, logged } = ctx.state
    const body = ctx.request.body as unknown
    const name = (body as { name?: unknown } | undefined)?.name
    this.#untold.push({
      id: requestId,
      at: new Date().toISOString(),
      name: typeof name === 'string' ? cutText(name, 100) : '',
      ...(caller && { user: caller.name }),
      ...(typeof logged.action === 'string' && { action: logged.action }),
      ms,
      requestHeaders: {
        ...pick(ctx.headers, REQUEST_HEADERS, LONGEST_REQUEST_HEADER),
        ...(ctx.get('Authorization') !== '' && { authorization: maskAuthorization(ctx.get('Authorization')) }),
      },
      body: shortened(body),
      status: ctx.status,
      answerHeaders: pick(ctx.response.headers, ANSWER_HEADERS, LONGEST_ANSWER_HEADER),
      answer: ctx.body,
    })
    this.#timer ??= setTimeout(() => void this.#tell(), TELL_EVERY_MS)
  }

  async #tell(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const entries = this.#untold.map((passed) => JSON.stringify(viewPassed(passed, this.published())))
    this.#untold = []
    if (entries.length === 0) return
    try {
      await this.redis
        .multi()
        .lpush(this.keys.wire, ...entries)
        .ltrim(this.keys.wire, 0, MOST_ENTRIES - 1)
        .exec()
    } catch (error) {
      this.onError(error)
    }
  }
}

function viewPassed(
  { requestHeaders, body, status, answerHeaders, answer, ...head }: Passed,
  published: readonly PublishedAction[],
): WireEntry {
  const secret = secretPartsOf(body, published)
  return {
    ...head,
    request: { headers: requestHeaders, body: textOf(secret.ofRequest(body)) },
    answer: { status, headers: answerHeaders, body: textOf(secret.ofAnswer(parsed(answer))) },
  }
}

function textOf(value: unknown): string {
  if (value === undefined || value === '') return ''
  const masked = maskFields(value)
  const text = typeof masked === 'string' ? masked : JSON.stringify(masked, null, 2)
  return cutText(text, MOST_CHARACTERS)
}

/** What was answered, as a value if it is JSON of a reasonable size: only then can secrets in it be found by their names. */
function parsed(answer: unknown): unknown {
  if (typeof answer !== 'string' && !Buffer.isBuffer(answer)) return undefined
  const text = answer.toString()
  if (text.length > MOST_PARSED) return `(${text.length} characters)`
  const value = parsedText(text)
  return value === undefined ? text : shortened(value)
}

function parsedText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/**
 * Long lists and texts cut: what is kept of a message is bounded whatever its size. A text that holds JSON is shown as what it
 * holds, since secrets are found by the names of what they are in.
 */
function shortened(value: unknown, depth = 0): unknown {
  if (typeof value === 'string' && /^\s*[[{]/.test(value) && value.length <= MOST_PARSED) {
    const held = parsedText(value)
    if (held !== undefined) return shortened(held, depth + 1)
    // Whatever it may hold, nobody can tell which part of it is a secret.
    return `(${value.length} characters that are no JSON)`
  }
  if (typeof value === 'string')
    // What is cut is masked at once: afterwards nobody could tell a secret that the cut divides.
    return value.length > MOST_CHARACTERS ? `${maskedText(value, MOST_CHARACTERS)} (${value.length} characters)` : value
  if (typeof value !== 'object' || value === null) return value
  if (depth > 10) return '…'
  if (Array.isArray(value)) {
    const list = value.slice(0, MOST_ELEMENTS).map((one) => shortened(one, depth + 1))
    return value.length > MOST_ELEMENTS ? [...list, `… ${value.length - MOST_ELEMENTS} more`] : list
  }
  const entries = Object.entries(value).slice(0, 2 * MOST_ELEMENTS)
  return Object.fromEntries(entries.map(([key, one]) => [key, shortened(one, depth + 1)]))
}

function pick(
  headers: NodeJS.Dict<string | string[] | number>,
  names: readonly string[],
  mostCharacters: number,
): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) =>
      headers[name] === undefined ? [] : [[name, maskedText(String(headers[name]), mostCharacters)]],
    ),
  )
}

/** The schemes that were sent, and nothing else: what looks like a scheme may be a token that was sent without one. */
function maskAuthorization(header: string): string {
  return cutText(header, LONGEST_REQUEST_HEADER)
    .split(',')
    .map((part) => {
      const scheme = /^\s*(\w{1,20})\s/.exec(part)?.[1]
      return scheme !== undefined && isScheme(scheme) ? `${scheme} ${MASKED}` : MASKED
    })
    .join(', ')
}
