import { z } from 'zod'
import { parseTime } from './calendar.js'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { mustBe, refusal } from './wording.js'

const RULE = 'a time like 09:30 or 09:30:00'

export const timeField = fieldType({
  emptyIsAbsent: true,
  params: paramsOf({}),
  schema: () =>
    z.string(mustBe(RULE)).transform((text, ctx) => {
      const time = parseTime(text)
      if (time) return time.clock
      ctx.addIssue(refusal(`be ${RULE}`, text))
      return z.NEVER
    }),
})

/**
 * A time of day (TimeField, PROTOCOL.md section 3). The handler gets a string `HH:mm:ss`.
 * Takes `HH:mm` and `HH:mm:ss`, 00:00 to 23:59:59; fractions of a second are cut. `''` counts as absent.
 */
export function time<Required extends boolean = true, Default extends string = never>(
  options: FieldOptions<Required, Default> = {},
): Field<string, Present<Required, Default>> {
  return declareField('TimeField', options)
}
