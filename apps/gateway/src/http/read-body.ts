import { FlexActionError } from '@flexaction/shared/errors'
import { parse as parseWithoutPrototypes } from '@hapi/bourne'
import bodyParser from 'koa-bodyparser'
import { type BodyBounds, boundedBody } from './bounded-body.js'
import { FORM_TYPE, JSON_TYPE, readContentType } from './content-type.js'
import type { GatewayContext, GatewayMiddleware } from './context.js'
import { parseForm } from './parse-form.js'
import { parseExactly } from './parse-exactly.js'
import { decodeUtf8 } from './utf8.js'

/**
 * Reads a JSON or form body of at most `limitBytes`. Errors: 415 for another type or an unknown encoding, 413 beyond the
 * limit, 400 for what is no UTF-8 or no JSON (PROTOCOL.md sections 1 and 2).
 */
export function readBody(limitBytes: number, bounds: BodyBounds): GatewayMiddleware {
  const options = {
    enableTypes: ['text'],
    extendTypes: { text: [JSON_TYPE, FORM_TYPE] },
    textLimit: `${limitBytes}b`,
    // None: the bytes as they came. Decoding them here would replace what is no UTF-8, and nobody would hear of it.
    encoding: '',
    onerror: (error: ParserError): never => {
      throw bodyError(error, limitBytes)
    },
  }
  const readBytes = bodyParser(options) as unknown as GatewayMiddleware
  return async (ctx, next) => {
    const type = readContentType(ctx.get('Content-Type'))
    // The parser knows no other spelling of it.
    ctx.req.headers['content-type'] = type
    if (Number(ctx.get('Content-Length')) > limitBytes) throw tooLarge(limitBytes)
    try {
      const body = boundedBody(ctx, bounds)
      const bounded = body === ctx.req ? ctx : (Object.create(ctx, { req: { value: body } }) as GatewayContext)
      await readBytes(bounded, () => Promise.resolve())
    } finally {
      // A parser that gave up has stopped reading: what is left is let through, or the connection's next request would hang.
      ctx.req.resume()
    }
    const text = takeText(ctx)
    ctx.request.body = type === JSON_TYPE ? parseBody(text) : parseForm(text)
    return next()
  }
}

/** The body as text. Nothing keeps its bytes: those of a large one need not outlive its parsing. */
function takeText(ctx: GatewayContext): string {
  const bytes = ctx.request.body as unknown as Uint8Array | ''
  delete (ctx.request as { rawBody?: unknown }).rawBody
  ctx.request.body = undefined
  return bytes === '' ? '' : decodeUtf8(bytes)
}

function parseBody(text: string): unknown {
  if (text === '') return {}
  try {
    return parseExactly(text, parseWithoutPrototypes)
  } catch (error) {
    throw error instanceof SyntaxError ? incorrectJson(error.message) : error
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
  if (error.status === 400 || BROKEN_COMPRESSION.test(error.code ?? '')) return incorrectJson(error.message)
  return error
}

function incorrectJson(message: string): FlexActionError {
  return FlexActionError.fields({ non_field_errors: [`Incorrect JSON body: ${message}`] })
}
