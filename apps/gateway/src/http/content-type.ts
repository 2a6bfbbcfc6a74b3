import { FlexActionError } from '@flexaction/shared/errors'
import { cutText } from '@flexaction/shared/texts'

export const JSON_TYPE = 'application/json'
export const FORM_TYPE = 'application/x-www-form-urlencoded'

/** Characters that a refusal quotes of the header. */
const LONGEST_QUOTE = 100

const UTF_8: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'unicode-1-1-utf-8'])

/**
 * The media type of a body, out of what clients send in its place: `application/json; utf-8`, the type twice, a charset in quotes.
 * Throws `unsupported_media_type` for another type, and for a charset other than UTF-8.
 */
export function readContentType(header: string): typeof JSON_TYPE | typeof FORM_TYPE {
  // A proxy, or a client that sets the header in two places, joins them by a comma.
  const values = header.split(',').map((value) => value.split(';').map((part) => part.trim()))
  const types = new Set(values.map(([type = '']) => type.toLowerCase()))
  const [type, ...others] = types
  if (others.length > 0 || (type !== JSON_TYPE && type !== FORM_TYPE)) {
    const received = header === '' ? 'no Content-Type' : `Content-Type '${cutText(header, LONGEST_QUOTE)}'`
    throw new FlexActionError(
      'unsupported_media_type',
      `Send the message as ${JSON_TYPE} or ${FORM_TYPE}; received ${received}`,
    )
  }
  for (const [, ...parameters] of values) {
    const charset = parameters
      .map((text) => /^charset\s*=\s*(["']?)(.*)\1$/i.exec(text)?.[2])
      .find((found) => found !== undefined)
    if (charset === undefined || UTF_8.has(charset.trim().toLowerCase())) continue
    throw new FlexActionError(
      'unsupported_media_type',
      `Send the message in UTF-8; received charset '${cutText(charset, LONGEST_QUOTE)}'`,
    )
  }
  return type
}
