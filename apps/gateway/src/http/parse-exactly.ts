import { FlexActionError } from '@flexaction/shared/errors'
import { InexactNumber, type PathStep, refuseInexactNumbers } from '@flexaction/shared/json'

/**
 * A JSON text as a value, every number of which is the one that was sent. Throws field errors that name a number that is not: it would
 * be another id, or another amount, and nobody would hear of it. What is no JSON throws a SyntaxError.
 */
export function parseExactly(text: string, parse: (text: string) => unknown = JSON.parse): unknown {
  const value = parse(text)
  try {
    refuseInexactNumbers(text)
  } catch (error) {
    throw error instanceof InexactNumber ? refusal(error) : error
  }
  return value
}

/** The message's `params`, and within them what the caller filled in: their keys are the fields that the client knows. */
const AROUND_FIELDS: ReadonlySet<PathStep> = new Set(['params', 'form'])

function refusal({ literal, path }: InexactNumber): FlexActionError {
  let rest = [...path]
  for (let depth = 0; depth < 2 && rest.length > 1 && AROUND_FIELDS.has(rest[0] ?? ''); depth++) rest = rest.slice(1)
  const [field = '', ...within] = rest
  const place = within.length === 0 ? '' : ` at ${[field, ...within].map(asStep).join('')}`
  const message = `must be sent as text: a JSON number cannot carry all digits of it, received ${literal}${place}`
  return FlexActionError.fields({ [typeof field === 'string' && field !== '' ? field : 'non_field_errors']: [message] })
}

function asStep(step: PathStep, at: number): string {
  if (typeof step === 'number') return `[${step}]`
  return at === 0 ? step : `.${step}`
}
