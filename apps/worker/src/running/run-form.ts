import type { Logger } from '@flexaction/shared/logging'
import type { StartedBatch } from '@flexaction/shared/runs'
import { type Keyring, putSecrets, SecretMask, secretsOfRun, UnreadableSecrets } from '@flexaction/shared/secrets'
import type { Failure } from '../values/index.js'
import type { RunnableAction } from './runnable-action.js'

/** A run's form as its handler gets it. */
export interface RunForm {
  params: Record<string, unknown>
  /** Why the handler cannot be called with it. */
  refusal?: Failure
  /** Fields whose values are secret. */
  secretFields: readonly string[]
  /** Masks their values in what the handler writes; absent when there is nothing to mask. */
  mask?: SecretMask | undefined
}

/**
 * Reads a stored form, again: what Redis holds may be older than this code. Secret values are those that were encrypted, whatever the action
 * declares by now. Never throws.
 */
export function readRunForm(
  action: Pick<RunnableAction, 'parseForm'>,
  { run, form, sealed }: Pick<StartedBatch, 'run' | 'form' | 'sealed'>,
  { keyring, logger }: { keyring: Keyring; logger: Logger },
): RunForm {
  try {
    const secrets = sealed === undefined ? {} : keyring.open(secretsOfRun(run), sealed)
    const secretFields = Object.keys(secrets)
    const whole = secretFields.length > 0 ? putSecrets(form, secrets) : form
    const read = action.parseForm(whole, new Set(secretFields))
    if (!read.ok) return { params: {}, refusal: refusalOf(read.errors), secretFields }
    const values = secretFields.map((name) => read.values[name])
    return { params: read.values, secretFields, mask: SecretMask.of([...Object.values(secrets), ...values]) }
  } catch (error) {
    if (!(error instanceof UnreadableSecrets)) throw error
    logger.error({ run: run.id }, error.message)
    return { params: {}, refusal: { kind: 'refused', message: error.message }, secretFields: [] }
  }
}

function refusalOf(errors: Readonly<Record<string, readonly string[]>>): Failure {
  const texts = Object.entries(errors).map(([name, problems]) => `${name}: ${problems.join(', ')}`)
  return { kind: 'refused', message: texts.join('; '), fields: errors }
}
