import { z } from 'zod'
import { parseMoment } from './calendar.js'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { clockOf, timeZoneParam } from './time-zone.js'
import { mustBe, refusal } from './wording.js'

export interface DateTimeOptions<Required extends boolean, Default> extends FieldOptions<Required, Default> {
  /** Whose clock a text without an offset is read by, such as `Europe/Vienna`. Default `UTC`. */
  timeZone?: string
}

const RULE = 'a date and time like 2026-01-31T09:30:00Z'

export const dateTimeField = fieldType({
  emptyIsAbsent: true,
  params: paramsOf({ time_zone: timeZoneParam }),
  schema: ({ time_zone: timeZone }) => {
    const clock = clockOf(timeZone)
    return z.string(mustBe(RULE)).transform((text, ctx) => {
      const moment = parseMoment(text, clock)
      if (moment) return moment.instant
      ctx.addIssue(refusal(`be ${RULE}`, text))
      return z.NEVER
    })
  },
})

/**
 * A date with a time (DateTimeField, PROTOCOL.md section 3). The handler gets a Date, exact to the millisecond. Takes
 * ISO 8601 with an offset, or without one (then in `timeZone`); a space for the `T`; a date alone (midnight). `''` counts
 * as absent. Refuses days and times that do not exist, such as 30 February or 24:00.
 */
export function dateTime<Required extends boolean = true, Default extends string = never>(
  options: DateTimeOptions<Required, Default> = {},
): Field<Date, Present<Required, Default>> {
  return declareField('DateTimeField', options, { time_zone: options.timeZone })
}
