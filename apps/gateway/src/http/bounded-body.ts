import { FlexActionError } from '@flexaction/shared/errors'
import type { IncomingHttpHeaders } from 'node:http'
import { type Readable, Transform } from 'node:stream'
import { createBrotliDecompress, createUnzip } from 'node:zlib'
import type { BodyBudget } from './body-budget.js'
import type { GatewayContext } from './context.js'
import { type JsonBounds, JsonScanner } from './json-scanner.js'

export interface BodyBounds {
  json: JsonBounds
  budget: BodyBudget
}

/** What a parser reads in place of the request. */
export type BoundedBody = Readable & { headers: IncomingHttpHeaders }

/** So often may a compressed body become larger; lists of ids, the largest that make sense, reach a tenth of it. */
const MOST_RATIO = 100
/** Whatever a body of this size holds, it costs little: it is read as it comes, as most messages are. */
const SMALL_BYTES = 64_000
/** Below it, what a body becomes does not matter: texts of a form may be short and all the same. */
const RATIO_COUNTS_FROM = 1_000_000

/**
 * The body of a request, uncompressed, that fails with an error for the caller as soon as more comes than is allowed: in hand at
 * once, by compression, or of values, before a parser builds any of them.
 */
export function boundedBody(ctx: GatewayContext, { json, budget }: BodyBounds): BoundedBody {
  const { req } = ctx
  const encoding = ctx.get('Content-Encoding') || 'identity'
  const inflater = encoding === 'br' ? createBrotliDecompress() : isUnzip(encoding) ? createUnzip() : undefined
  // The parser says what it thinks of another encoding.
  if (!inflater && encoding !== 'identity') return req
  const caller = ctx.state.caller?.name ?? ctx.state.address
  const said = req.headers['content-length']
  if (!inflater && said !== undefined && Number(said) <= SMALL_BYTES) {
    budget.take(caller, Number(said))
    ctx.res.once('close', () => budget.give(caller, Number(said)))
    return req
  }
  const scanner = ctx.request.is('json') ? new JsonScanner(json) : undefined
  let taken = 0
  ctx.res.once('close', () => budget.give(caller, taken))

  const check = (chunk: Buffer): void => {
    budget.take(caller, chunk.length)
    taken += chunk.length
    if (inflater && taken > RATIO_COUNTS_FROM && taken > inflater.bytesWritten * MOST_RATIO)
      throw new FlexActionError('too_large', `The compressed request becomes more than ${MOST_RATIO} times larger`)
    scanner?.scan(chunk)
  }
  const body = new Transform({
    transform: (chunk: Buffer, _, done) => {
      try {
        check(chunk)
        done(null, chunk)
      } catch (error) {
        done(error as Error)
      }
    },
  })
  const fail = (error: Error): void => void body.destroy(error)
  req.once('error', fail)
  req.once('close', () => {
    if (!req.complete) fail(new FlexActionError('bad_request', 'The request was broken off'))
  })
  // The request itself is never destroyed: its answer goes the same way.
  body.once('close', () => req.unpipe().resume())
  if (inflater) {
    inflater.once('error', fail)
    body.once('close', () => inflater.destroy())
    req.pipe(inflater).pipe(body)
  } else req.pipe(body)
  const { 'content-encoding': _, 'content-length': length, ...others } = req.headers
  const headers = { ...others, ...(!inflater && length !== undefined && { 'content-length': length }) }
  return Object.assign(body, { headers })
}

function isUnzip(encoding: string): boolean {
  return encoding === 'gzip' || encoding === 'deflate'
}
