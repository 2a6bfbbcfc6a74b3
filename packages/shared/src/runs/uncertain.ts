import { FlexActionError } from '../errors/index.js'

const TRY_AGAIN_SECONDS = 2

/** The answer when nobody can say whether a run was stored. `why`: a whole clause. */
export function uncertainWhetherAccepted(cause: unknown, why = 'The store did not answer in time'): FlexActionError {
  const text =
    `${why}, so it is not certain whether the run was accepted: look it up among the runs, or ` +
    'send an Idempotency-Key and repeat the request with the same one'
  return new FlexActionError('unavailable', text, { cause, retryAfter: TRY_AGAIN_SECONDS })
}
