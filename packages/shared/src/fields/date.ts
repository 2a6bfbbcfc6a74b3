import { z } from 'zod'
import { type Moment, parseMoment } from './calendar.js'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { type ReadClock, shownIn, timeZoneParam } from './time-zone.js'
import { mustBe, refusal } from './wording.js'

export interface DateOptions<Required extends boolean, Default> extends FieldOptions<Required, Default> {
  /** Whose day an instant is, such as `Europe/Vienna`. Default `UTC`. */
  timeZone?: string
}

const RULE = 'a date like 2026-01-31'
const YEAR_OF_FOUR_DIGITS = /^(?!0000)\d{4}-/

export const dateField = fieldType({
  emptyIsAbsent: true,
  params: paramsOf({ time_zone: timeZoneParam }),
  schema: ({ time_zone: timeZone }) => {
    const shown = shownIn(timeZone)
    return z.string(mustBe(RULE)).transform((text, ctx) => {
      const moment = parseMoment(text)
      const day = moment && dayOf(moment, shown)
      if (day !== undefined) return day
      ctx.addIssue(refusal(`be ${RULE}`, text))
      return z.NEVER
    })
  },
})

/** `undefined` for the few hours that are in the year 0, or 10000, somewhere. */
function dayOf({ day, hasOffset, instant }: Moment, shown: ReadClock): string | undefined {
  if (!hasOffset) return day
  const there = new Date(shown(instant.getTime())).toISOString()
  return YEAR_OF_FOUR_DIGITS.test(there) ? there.slice(0, 10) : undefined
}

/**
 * A day (DateField, PROTOCOL.md section 3). The handler gets a string `YYYY-MM-DD`. Takes that, and longer ISO 8601 text: an instant (with
 * an offset or `Z`) is the day that it is in `timeZone`; without an offset the day is kept as written. `''` counts as absent. Refuses days
 * that do not exist, such as 30 February.
 */
export function date<Required extends boolean = true, Default extends string = never>(
  options: DateOptions<Required, Default> = {},
): Field<string, Present<Required, Default>> {
  return declareField('DateField', options, { time_zone: options.timeZone })
}
