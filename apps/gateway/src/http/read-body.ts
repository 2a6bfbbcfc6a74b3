import { FlexActionError } from '@flexaction/shared/errors'
import bodyParser from 'koa-bodyparser'
import { type BodyBounds, boundedBody } from './bounded-body.js'
import type { GatewayContext, GatewayMiddleware } from './context.js'

const TYPES = ['application/json', 'application/x-www-form-urlencoded']

/**
 * Reads a JSON or form body of at most `limitBytes`. Errors: 415 for another type or an unknown encoding, 413 beyond the
 * limit, 400 for what is no JSON (PROTOCOL.md sections 1 and 2).
 */
export function readBody(limitBytes: number, bounds: BodyBounds): GatewayMiddleware {
  const limit = `${limitBytes}b`
  const parse = bodyParser({
    enableTypes: ['json', 'form'],
    jsonLimit: limit,
    formLimit: limit,
    onerror: (error) => {
      throw bodyError(error, limitBytes)
    },
  }) as unknown as GatewayMiddleware
  return async (ctx, next) => {
    const type = ctx.get('Content-Type')
    if (!TYPES.includes(type.split(';', 1)[0]?.trim().toLowerCase() ?? '')) {
      const received = type === '' ? 'no Content-Type' : `Content-Type '${type.slice(0, 100)}'`
      throw new FlexActionError(
        'unsupported_media_type',
        `Send the message as ${TYPES.join(' or ')}; received ${received}`,
      )
    }
    if (Number(ctx.get('Content-Length')) > limitBytes) throw tooLarge(limitBytes)
    try {
      const body = boundedBody(ctx, bounds)
      const bounded = body === ctx.req ? ctx : (Object.create(ctx, { req: { value: body } }) as GatewayContext)
      await parse(bounded, () => Promise.resolve())
    } finally {
      // A parser that gave up has stopped reading: what is left is let through, or the connection's next request would hang.
      ctx.req.resume()
    }
    // The text of a large body need not outlive its parsing.
    delete (ctx.request as { rawBody?: string }).rawBody
    return next()
  }
}

/** zlib's codes for a compressed body that is broken: gzip and deflate, and Brotli. */
const BROKEN_COMPRESSION = /^(Z_(DATA|BUF)_ERROR$|ERR_\w*_ERROR_FORMAT)/

type ParserError = Error & { status?: number; type?: string; code?: string }

function tooLarge(limitBytes: number): FlexActionError {
  const megabytes = limitBytes / 1_000_000
  return new FlexActionError('too_large', `The request is larger than ${megabytes} MB: select fewer records at a time`)
}

function bodyError(error: ParserError, limitBytes: number): Error {
  if (error instanceof FlexActionError) return error
  if (error.status === 413 || error.type === 'entity.too.large') return tooLarge(limitBytes)
  // What the library that inflates says of an encoding that it does not know.
  if (error.status === 415) return new FlexActionError('unsupported_media_type', error.message)
  if (error.status === 400 || error instanceof SyntaxError || BROKEN_COMPRESSION.test(error.code ?? '')) {
    return FlexActionError.fields({ non_field_errors: [`Incorrect JSON body: ${error.message}`] })
  }
  return error
}
