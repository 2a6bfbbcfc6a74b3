import { FlexActionError } from '@flexaction/shared/errors'
import {
  type ItemError,
  type Run,
  type RunItem,
  type RunView,
  SAFE_FAILURE_TEXT,
  viewError,
  viewRun,
} from '@flexaction/shared/runs'
import { answerJson, type GatewayContext } from '../http/context.js'

/** What a run's first answer says about trying again to see its end. */
const LOOK_AGAIN_SECONDS = 1
const MOST_ERRORS_SHOWN = 3
const NOT_LISTED = 'The records of the collection could not be listed: the action was run on none of them'

/** Still going: 202, with the run's address (PROTOCOL.md section 5). */
export function answerQueued(ctx: GatewayContext, run: Run): void {
  ctx.set('Retry-After', String(LOOK_AGAIN_SECONDS))
  answerJson(ctx, 202, { result: true, run: viewForCallers(run) })
}

/** Ended within the wait: 201 with the result or a summary; when every item failed, an error (PROTOCOL.md sections 5, 6). */
export function answerEnded(ctx: GatewayContext, run: Run): void {
  if (run.state === 'failed') throw failure(run)
  if (run.state === 'succeeded') return answerJson(ctx, 201, run.result === undefined ? { result: true } : run.result)
  const { errors, ...view } = viewForCallers(run)
  answerJson(ctx, 201, { result: false, run: view, errors: errors ?? [] })
}

/**
 * A custom message's handler has answered: unchanged, and as Jet Django does when it returned nothing: 200 with an empty body. `status`: of
 * an answer with a body.
 */
export function answerMessage(ctx: GatewayContext, run: Run, status: 200 | 201): void {
  if (run.state !== 'succeeded') return answerEnded(ctx, run)
  if (run.result !== undefined) return answerJson(ctx, status, run.result)
  ctx.status = 200
  ctx.body = ''
}

/** A request that was joined with others into one run: its own record's outcome, as if the run were for it alone. */
export function answerItem(ctx: GatewayContext, run: Run, { id, history }: RunItem): void {
  if (history.state === 'succeeded') return answerJson(ctx, 201, history.result ?? { result: true })
  if (history.state === 'failed') {
    if (history.unexpected) throw new FlexActionError('action_failed', SAFE_FAILURE_TEXT)
    const fields = run.errors.find((error) => error.id === id)?.fields
    throw FlexActionError.fields(fields ?? { non_field_errors: [history.message ?? SAFE_FAILURE_TEXT] })
  }
  const error = { ...(id !== null && { id }), message: history.message ?? history.state }
  answerJson(ctx, 201, { result: false, run: viewForCallers(run), errors: [error] })
}

/** A run as the protocol has it: where its time went is for those who look after runs. */
function viewForCallers(run: Run): Omit<RunView, 'times'> {
  const { times: _, ...view } = viewRun(run, false)
  return view
}

function failure(run: Run): FlexActionError {
  const [only, ...others] = run.errors
  const refused = run.errors.every(({ kind }) => kind === 'refused')
  if (run.total === 1 && only) {
    if (!refused) return new FlexActionError('action_failed', SAFE_FAILURE_TEXT)
    return FlexActionError.fields(only.fields ?? { non_field_errors: [only.message] })
  }
  const shown = run.errors.slice(0, MOST_ERRORS_SHOWN).map(describe)
  if (run.total === 0) return new FlexActionError('action_failed', NOT_LISTED)
  if (!refused) return new FlexActionError('action_failed', `All ${run.total} records failed: ${shown.join('; ')}`)
  // The same refusal of every record, about fields of the form: shown beside the fields.
  if (only?.fields && others.every(({ message }) => message === only.message))
    return FlexActionError.fields(only.fields)
  return FlexActionError.fields({ non_field_errors: shown })
}

function describe(error: ItemError): string {
  const { id, message } = viewError(error, false)
  return id === undefined ? message : `${id}: ${message}`
}
