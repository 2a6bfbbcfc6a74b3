import { FlexActionError } from '@flexaction/shared/errors'
import { cutText } from '@flexaction/shared/texts'

/** A message is a name and its params: whoever sends so many more fields wants the gateway to be busy with them. */
const MOST_FIELDS = 1_000
/** Characters that a refusal quotes of what was sent. */
const LONGEST_QUOTE = 40

/**
 * A body of the type application/x-www-form-urlencoded. Throws field errors for keys that come twice or that address a part of a value
 * (`params[ids][]`), and for texts that are not percent-encoded UTF-8: the form's params are one JSON text (PROTOCOL.md section 1).
 */
export function parseForm(text: string): Record<string, string> {
  const entries = new Map<string, string>()
  const pairs = text.split('&', MOST_FIELDS + 1)
  if (pairs.length > MOST_FIELDS) {
    throw FlexActionError.fields({
      non_field_errors: [`Incorrect form body: it holds more than ${MOST_FIELDS} fields`],
    })
  }
  for (const pair of pairs) {
    if (pair === '') continue
    const separator = pair.indexOf('=')
    const key = decode(separator === -1 ? pair : pair.slice(0, separator))
    const [name = ''] = key.split(/[.[]/, 1)
    if (name !== key && (name === 'name' || name === 'params'))
      throw FlexActionError.fields({
        [name]: [`must be one text, received a part of it as '${cutText(key, LONGEST_QUOTE)}'`],
      })
    if (entries.has(key))
      throw FlexActionError.fields({ [cutText(key, LONGEST_QUOTE)]: ['must be sent once, received it twice'] })
    entries.set(key, separator === -1 ? '' : decode(pair.slice(separator + 1)))
  }
  return Object.fromEntries(entries)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    const shown = cutText(text, LONGEST_QUOTE)
    throw FlexActionError.fields({
      non_field_errors: [`Incorrect form body: it must be percent-encoded UTF-8, received '${shown}'`],
    })
  }
}
