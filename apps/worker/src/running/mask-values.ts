import type { SecretMask } from '@flexaction/shared/secrets'
import type { Failure, ReadResult } from '../values/index.js'
import type { OneEnding } from './context.js'

/** Why an item failed, without the secret values of its run. `mask`: absent for runs without any. */
export function maskFailure(failure: Failure, mask: SecretMask | undefined): Failure {
  if (!mask) return failure
  const { message, stack, fields } = failure
  return {
    ...failure,
    message: mask.text(message),
    ...(stack !== undefined && { stack: mask.text(stack) }),
    ...(fields && { fields: mask.value(fields) as NonNullable<Failure['fields']> }),
  }
}

/** The same of a result. A file is stored as it is. */
export function maskResult(result: ReadResult, mask: SecretMask | undefined): ReadResult {
  if (!mask) return result
  if (result.kind === 'failed') return { kind: 'failed', failure: maskFailure(result.failure, mask) }
  return result.kind === 'json' ? { kind: 'json', json: mask.json(result.json) } : result
}

/** The same of what a bulk handler says of one id. */
export function maskEnding(ending: OneEnding, mask: SecretMask | undefined): OneEnding {
  if (!mask) return ending
  if (ending.kind === 'succeeded') return { kind: 'succeeded', result: maskResult(ending.result, mask) }
  if (ending.kind === 'failed') return { kind: 'failed', failure: maskFailure(ending.failure, mask) }
  return { kind: 'skipped', message: ending.message === undefined ? undefined : mask.text(ending.message) }
}
