import { z } from 'zod'
import { parseMoment } from './calendar.js'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { mustBe, refusal } from './wording.js'

const RULE = 'a date and time like 2026-01-31T09:30:00Z'

export const dateTimeField = fieldType({
  emptyIsAbsent: true,
  params: paramsOf({}),
  schema: () =>
    z.string(mustBe(RULE)).transform((text, ctx) => {
      const moment = parseMoment(text)
      if (moment) return moment.instant
      ctx.addIssue(refusal(`be ${RULE}`, text))
      return z.NEVER
    }),
})

/**
 * A date with a time (DateTimeField, PROTOCOL.md section 3). The handler gets a Date, exact to the millisecond. Takes
 * ISO 8601 with an offset, or without one (then UTC); a space for the `T`; a date alone (midnight UTC). `''` counts
 * as absent. Refuses days and times that do not exist, such as 30 February or 24:00.
 */
export function dateTime<Required extends boolean = true, Default extends string = never>(
  options: FieldOptions<Required, Default> = {},
): Field<Date, Present<Required, Default>> {
  return declareField('DateTimeField', options)
}
