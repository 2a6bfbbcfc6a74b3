import { FlexActionError } from '@flexaction/shared/errors'
import { InexactNumber, parseJsonExactly, type PathStep, RepeatedKey } from '@flexaction/shared/json'

/**
 * A JSON text as a value, every part of which is the one that was sent. Throws field errors that name a number that is not (it would
 * be another id, or another amount, and nobody would hear of it), and a key that stands twice in an object. What is no JSON throws a
 * SyntaxError.
 */
export function parseExactly(text: string, parse?: (text: string) => unknown): unknown {
  try {
    return parseJsonExactly(text, parse)
  } catch (error) {
    if (error instanceof InexactNumber)
      throw refusal(
        error.path,
        `must be sent as text: a JSON number cannot carry all digits of it, received ${error.literal}`,
      )
    if (error instanceof RepeatedKey) throw refusal(error.path, 'must be sent once, received it twice')
    throw error
  }
}

/** The message's `params`, and within them what the caller filled in: their keys are the fields that the client knows. */
const AROUND_FIELDS: ReadonlySet<PathStep> = new Set(['params', 'form'])

function refusal(path: readonly PathStep[], what: string): FlexActionError {
  let rest = [...path]
  for (let depth = 0; depth < 2 && rest.length > 1 && AROUND_FIELDS.has(rest[0] ?? ''); depth++) rest = rest.slice(1)
  const [field = '', ...within] = rest
  const place = within.length === 0 ? '' : ` at ${[field, ...within].map(asStep).join('')}`
  return FlexActionError.fields({
    [typeof field === 'string' && field !== '' ? field : 'non_field_errors']: [`${what}${place}`],
  })
}

function asStep(step: PathStep, at: number): string {
  if (typeof step === 'number') return `[${step}]`
  return at === 0 ? step : `.${step}`
}
