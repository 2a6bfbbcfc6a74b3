/** Messages by form field, or under `non_field_errors`: the shape that Jet Admin's client shows (PROTOCOL.md section 6). */
export type FieldMessages = Readonly<Record<string, readonly string[]>>

/** What can go wrong, for callers. */
export type ErrorCode =
  | 'bad_request'
  | 'not_authenticated'
  | 'not_permitted'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'too_large'
  | 'unsupported_media_type'
  | 'too_many_requests'
  | 'action_failed'
  | 'unavailable'
  | 'internal'

const STATUS: Readonly<Record<ErrorCode, number>> = {
  bad_request: 400,
  not_authenticated: 401,
  not_permitted: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  too_many_requests: 429,
  action_failed: 500,
  unavailable: 503,
  internal: 500,
}

/** The one place where a kind of error becomes an HTTP status. */
export function statusOf(code: ErrorCode): number {
  return STATUS[code]
}

export interface FlexActionErrorOptions extends ErrorOptions {
  /** Messages by field; makes the answer a body of fields instead of `{ detail }`. */
  fields?: FieldMessages
  /** Seconds after which the caller may try again. */
  retryAfter?: number
}

/** An error with a text that callers may see. Its cause, if any, is for the log alone. */
export class FlexActionError extends Error {
  override readonly name = 'FlexActionError'
  readonly fields: FieldMessages | undefined
  readonly retryAfter: number | undefined

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: FlexActionErrorOptions = {},
  ) {
    super(message, options)
    this.fields = options.fields
    this.retryAfter = options.retryAfter
  }

  /** A refusal of what was sent: one message for each wrong field. */
  static fields(fields: FieldMessages): FlexActionError {
    const text = Object.entries(fields)
      .map(([name, messages]) => `${name}: ${messages.join(', ')}`)
      .join('; ')
    return new FlexActionError('bad_request', text, { fields })
  }
}
