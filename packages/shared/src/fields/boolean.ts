import { z } from 'zod'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { refusal } from './wording.js'

const ANSWERS = new Map<unknown, boolean>([
  [true, true],
  [1, true],
  ['true', true],
  ['1', true],
  [false, false],
  [0, false],
  ['false', false],
  ['0', false],
])

export const booleanField = fieldType({
  emptyIsAbsent: true,
  params: paramsOf({}),
  schema: () =>
    z.unknown().transform((raw, ctx) => {
      const answer = ANSWERS.get(typeof raw === 'string' ? raw.trim().toLowerCase() : raw)
      if (answer !== undefined) return answer
      ctx.addIssue(refusal('be true or false', raw))
      return z.NEVER
    }),
})

/**
 * A checkbox (BooleanField, PROTOCOL.md section 3). The handler gets a boolean. Takes true and false, 1 and 0, also
 * as text in any case. `''` counts as absent. Refuses all else: `must be true or false`.
 */
export function boolean<Required extends boolean = true, Default extends boolean = never>(
  options: FieldOptions<Required, Default> = {},
): Field<boolean, Present<Required, Default>> {
  return declareField('BooleanField', options)
}
