import { FlexActionError, statusOf } from '@flexaction/shared/errors'
import { type Outages, redisErrorOf } from '@flexaction/shared/redis'
import { cutText } from '@flexaction/shared/texts'
import { answerJson, type GatewayContext, type GatewayMiddleware } from './context.js'

const TRY_AGAIN_SECONDS = 2
/** Characters that a text quotes of what was sent. */
const LONGEST_QUOTE = 200

/** Turns whatever a route throws into an answer. Stacks and causes go to the log alone. */
export function answerErrors(apiPrefix: string, outages: Pick<Outages, 'note'>): GatewayMiddleware {
  return async (ctx, next) => {
    try {
      await next()
      if (ctx.status === 404 && ctx.body == null) throw notFound(ctx, apiPrefix)
    } catch (error) {
      answerError(ctx, toFlexActionError(error), outages)
    }
  }
}

function toFlexActionError(error: unknown): FlexActionError {
  if (error instanceof FlexActionError) return error
  if (redisErrorOf(error)) {
    const text = 'The store is not available at the moment. Try again in a moment'
    return new FlexActionError('unavailable', text, { cause: error, retryAfter: TRY_AGAIN_SECONDS })
  }
  return new FlexActionError('internal', 'An unexpected error occurred', { cause: error })
}

/**
 * Jet Admin's client knows no 401 on the messages endpoint (PROTOCOL.md section 6), and bodies without a code.
 */
function answerError(ctx: GatewayContext, error: FlexActionError, outages: Pick<Outages, 'note'>): void {
  const { logger, requestId, area } = ctx.state
  const known = statusOf(error.code)
  const status = area === 'messages' && known === 401 ? 403 : known
  if (status >= 500 && !outages.note(error.cause))
    logger.error({ err: error.cause ?? error, request: requestId }, error.message)
  if (error.retryAfter !== undefined) ctx.set('Retry-After', String(error.retryAfter))
  if (error.fields) return answerJson(ctx, status, error.fields)
  const detail = status === 500 ? `${error.message} (request id ${requestId})` : error.message
  const bare = area === 'messages' && error.code !== 'method_not_allowed'
  answerJson(ctx, status, bare ? { detail } : { detail, code: error.code })
}

function notFound(ctx: GatewayContext, apiPrefix: string): FlexActionError {
  const { base } = ctx.state
  const text = `There is nothing at ${ctx.method} ${cutText(base + ctx.path, LONGEST_QUOTE)}`
  return new FlexActionError('not_found', `${text}: Jet Admin's messages go to POST ${base}${apiPrefix}/messages/`)
}
