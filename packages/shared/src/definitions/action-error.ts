const BRAND = Symbol.for('flexaction.ActionError')

/** Messages per field of the form, in the shape that Jet Admin shows beside each field. */
export type FieldErrors = Record<string, string | readonly string[]>

/**
 * A handler's refusal: its text is shown to the person, and the item is not retried.
 * Any other throw is an unexpected failure: retried as the action declares, and never shown in detail.
 *
 * @example throw new ActionError('The account is closed')
 * @example throw new ActionError({ amount: 'must be greater than zero' })
 */
export class ActionError extends Error {
  override readonly name = 'ActionError'
  readonly [BRAND] = true
  /** Present when the refusal is about fields of the form. */
  readonly fields: Readonly<Record<string, readonly string[]>> | undefined

  constructor(refusal: string | FieldErrors, options?: ErrorOptions) {
    const fields = typeof refusal === 'string' ? undefined : toLists(refusal)
    super(fields ? describe(fields) : (refusal as string), options)
    this.fields = fields
  }

  /** True for an ActionError of any copy of this package: action folders may bring their own. */
  static is(error: unknown): error is ActionError {
    return typeof error === 'object' && error !== null && BRAND in error
  }
}

function toLists(fields: FieldErrors): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, [text].flat()]))
}

function describe(fields: Record<string, readonly string[]>): string {
  return Object.entries(fields)
    .map(([name, texts]) => `${name}: ${texts.join(', ')}`)
    .join('; ')
}
