import { z } from 'zod'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { InexactNumber, refuseInexactNumbers } from '../json/exact-numbers.js'
import { refusal } from './wording.js'

const JSON_KINDS = new Set<string>(['object', 'number', 'boolean'])

export const jsonField = fieldType({
  emptyIsAbsent: true,
  params: paramsOf({}),
  schema: () =>
    z.unknown().transform((raw, ctx): unknown => {
      if (JSON_KINDS.has(typeof raw)) return raw
      try {
        if (typeof raw === 'string') return readExactly(raw)
      } catch (error) {
        if (error instanceof InexactNumber) {
          ctx.addIssue(
            `must hold numbers of which JSON can carry all digits, or send them as text, received ${error.literal}`,
          )
          return z.NEVER
        }
      }
      ctx.addIssue(refusal('be JSON', raw))
      return z.NEVER
    }),
})

/** Throws an {@link InexactNumber} for one that would be another. */
function readExactly(text: string): unknown {
  const value: unknown = JSON.parse(text)
  refuseInexactNumbers(text)
  return value
}

/**
 * Any JSON (JSONField, PROTOCOL.md section 3). The handler gets the value, of type unknown. Text is read as JSON
 * (`"{}"` is an empty object, and a text is sent as `"\"text\""`); other values are taken as sent. `''` and null
 * count as absent; the text `"null"` is the value null. Refuses text that is not JSON, and text with numbers that lose digits. A default obeys the same
 * rules.
 */
export function json<Required extends boolean = true, Default extends NonNullable<unknown> = never>(
  options: FieldOptions<Required, Default> = {},
): Field<unknown, Present<Required, Default>> {
  return declareField('JSONField', options)
}
