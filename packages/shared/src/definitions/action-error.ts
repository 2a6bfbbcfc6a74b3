import { cutText, messageOfError, isError, propertyOf, textOf, UNREADABLE } from '../texts/index.js'

const BRAND = Symbol.for('flexaction.ActionError')

const LONGEST_MESSAGE = 10_000
/** Shown for a refusal that is empty, or was made of nothing. */
const NO_REASON = 'refused without a reason'

/** Messages per field of the form, in the shape that Jet Admin shows beside each field. */
export type FieldErrors = Record<string, string | readonly string[]>

/**
 * A handler's refusal: its text is shown to the person, and the item is not retried.
 * Any other throw is an unexpected failure: retried as the action declares, and never shown in detail.
 * Plain JavaScript may give it anything: what is neither a text nor an object of fields becomes a readable text.
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
    const fields = readFieldErrors(refusal)
    const cause = propertyOf(options, 'cause')
    super(fields ? describe(fields) : messageOf(refusal), cause === undefined ? undefined : { cause })
    this.fields = fields
  }

  /** True for an ActionError of any copy of this package: action folders may bring their own. Never throws. */
  static is(error: unknown): error is ActionError {
    return propertyOf(error, BRAND) === true
  }
}

/**
 * Messages per field, as lists of texts, from whatever was given; `undefined` when that names no field. Never throws.
 * At most 200 fields, 20 texts each, and 20,000 characters together.
 */
export function readFieldErrors(given: unknown): Record<string, readonly string[]> | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const bounds = { fields: 200, texts: 20, characters: 20_000 }
  try {
    if (Array.isArray(given) || isError(given)) return undefined
    const names = Object.keys(given).slice(0, bounds.fields)
    const fields: [string, readonly string[]][] = []
    for (const name of names) {
      if (bounds.characters <= 0) break
      const texts = textsOf(propertyOf(given, name), bounds)
      if (texts.length > 0) fields.push([cutText(name, 200), texts])
    }
    return fields.length === 0 ? undefined : Object.fromEntries(fields)
  } catch {
    return undefined
  }
}

function textsOf(given: unknown, bounds: { texts: number; characters: number }): string[] {
  if (given === undefined || given === null) return []
  const texts: string[] = []
  for (const one of firstOf(given, bounds.texts)) {
    if (bounds.characters <= 0) break
    const text = readable(one, bounds.characters)
    bounds.characters -= text.length
    texts.push(text)
  }
  return texts
}

/** The first elements of a list; of anything else, itself. */
function firstOf(given: unknown, most: number): readonly unknown[] {
  try {
    if (!Array.isArray(given)) return [given]
    return Array.from({ length: Math.min(given.length, most) }, (_, at) => propertyOf(given, at))
  } catch {
    return [UNREADABLE]
  }
}

function messageOf(refusal: unknown): string {
  if (typeof refusal === 'string') return refusal === '' ? NO_REASON : refusal
  if (refusal === undefined || refusal === null) return NO_REASON
  const text = textsOf(refusal, { texts: 20, characters: LONGEST_MESSAGE }).join('; ')
  return ['', '{}'].includes(text) ? NO_REASON : text
}

function readable(value: unknown, mostCharacters: number): string {
  return cutText(
    isError(value) ? messageOfError(value, mostCharacters) : textOf(value, mostCharacters),
    Math.min(mostCharacters, LONGEST_MESSAGE),
  )
}

function describe(fields: Record<string, readonly string[]>): string {
  return Object.entries(fields)
    .map(([name, texts]) => `${name}: ${texts.join(', ')}`)
    .join('; ')
}
