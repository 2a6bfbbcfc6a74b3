import { FlexActionError } from '@flexaction/shared/errors'

/**
 * A body of the type application/x-www-form-urlencoded. Throws field errors for keys that come twice or that address a part of a value
 * (`params[ids][]`), and for texts that are not percent-encoded UTF-8: the form's params are one JSON text (PROTOCOL.md section 1).
 */
export function parseForm(text: string): Record<string, string> {
  const entries = new Map<string, string>()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const separator = pair.indexOf('=')
    const key = decode(separator === -1 ? pair : pair.slice(0, separator))
    const [name = ''] = key.split(/[.[]/, 1)
    if (name !== key && (name === 'name' || name === 'params'))
      throw FlexActionError.fields({ [name]: [`must be one text, received a part of it as '${key}'`] })
    if (entries.has(key)) throw FlexActionError.fields({ [key]: ['must be sent once, received it twice'] })
    entries.set(key, separator === -1 ? '' : decode(pair.slice(separator + 1)))
  }
  return Object.fromEntries(entries)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text
    throw FlexActionError.fields({
      non_field_errors: [`Incorrect form body: it must be percent-encoded UTF-8, received '${shown}'`],
    })
  }
}
