import { z } from 'zod'
import { parseMoment } from './calendar.js'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { mustBe, refusal } from './wording.js'

const RULE = 'a date like 2026-01-31'

export const dateField = fieldType({
  emptyIsAbsent: true,
  params: paramsOf({}),
  schema: () =>
    z.string(mustBe(RULE)).transform((text, ctx) => {
      const moment = parseMoment(text)
      if (moment) return moment.day
      ctx.addIssue(refusal(`be ${RULE}`, text))
      return z.NEVER
    }),
})

/**
 * A day (DateField, PROTOCOL.md section 3). The handler gets a string `YYYY-MM-DD`. Takes that, and longer ISO 8601
 * text, of which it keeps the day as written, whatever the offset. `''` counts as absent. Refuses days that do not
 * exist, such as 30 February.
 */
export function date<Required extends boolean = true, Default extends string = never>(
  options: FieldOptions<Required, Default> = {},
): Field<string, Present<Required, Default>> {
  return declareField('DateField', options)
}
