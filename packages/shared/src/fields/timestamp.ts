import { z } from 'zod'
import { parseMoment } from './calendar.js'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { clockOf, type ReadClock, timeZoneParam } from './time-zone.js'
import { mustBe, refusal } from './wording.js'

export interface TimestampOptions<Required extends boolean, Default> extends FieldOptions<Required, Default> {
  /** What a number counts: seconds or milliseconds since 1970. Default `s`. */
  unit?: 's' | 'ms'
  /** Whose clock ISO 8601 without an offset is read by. Default `UTC`. */
  timeZone?: string
}

/** As seconds, this is the year 5138: from here on a number under unit `s` is taken for milliseconds. */
const SURELY_MILLISECONDS = 1e11
const LATEST_DATE_MS = 8.64e15
const NUMBER_TEXT = /^[+-]?\d+(\.\d+)?$/

export const timestampField = fieldType({
  emptyIsAbsent: true,
  params: paramsOf({ unit: z.enum(['s', 'ms'], mustBe('"s" or "ms"')).optional(), time_zone: timeZoneParam }),
  schema: ({ unit = 's', time_zone: timeZone }) => {
    const clock = clockOf(timeZone)
    const rule = `be ${unit === 's' ? 'seconds' : 'milliseconds'} since 1970, or a date and time like 2026-01-31T09:30:00Z`
    return z.unknown().transform((raw, ctx) => {
      const date = readTimestamp(raw, unit, clock)
      if (date) return date
      ctx.addIssue(refusal(rule, raw))
      return z.NEVER
    })
  },
})

function readTimestamp(raw: unknown, unit: 's' | 'ms', clock: ReadClock): Date | undefined {
  if (typeof raw === 'number') return fromEpoch(raw, unit)
  if (typeof raw !== 'string') return undefined
  return NUMBER_TEXT.test(raw.trim()) ? fromEpoch(Number(raw), unit) : parseMoment(raw, clock)?.instant
}

function fromEpoch(count: number, unit: 's' | 'ms'): Date | undefined {
  const isSeconds = unit === 's' && Math.abs(count) < SURELY_MILLISECONDS
  const milliseconds = Math.round(isSeconds ? count * 1000 : count)
  return Math.abs(milliseconds) <= LATEST_DATE_MS ? new Date(milliseconds) : undefined
}

/**
 * An instant as a number (TimestampField, PROTOCOL.md section 3). The handler gets a Date, exact to the millisecond.
 * Takes seconds since 1970, or with `unit: 'ms'` milliseconds; the same as text; and ISO 8601 as `dateTime` does.
 * Under unit `s` a number of 1e11 or more cannot be seconds of a sane date, and is taken for milliseconds. `''`
 * counts as absent. Refuses what a Date cannot hold.
 */
export function timestamp<Required extends boolean = true, Default extends string | number = never>(
  options: TimestampOptions<Required, Default> = {},
): Field<Date, Present<Required, Default>> {
  return declareField('TimestampField', options, { unit: options.unit, time_zone: options.timeZone })
}
