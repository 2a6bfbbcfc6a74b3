import { z } from 'zod'
import { mustBe } from './wording.js'

const OFFSET = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/
const DAY_MS = 86_400_000

/** The param `time_zone`: whose clock a text without an offset is read by, and whose day an instant is. */
export const timeZoneParam = z
  .string(mustBe('a time zone like Europe/Vienna'))
  .refine(isTimeZone, mustBe('a time zone like Europe/Vienna'))
  .optional()

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** Between what a zone's clock shows, written as if it were UTC (epoch ms), and the instant at which it does. */
export type ReadClock = (shown: number) => number

/**
 * Reads by a zone's clock. A time that it shows twice is the first of the two; one that it skips is read as if it had not been
 * put forward yet.
 */
export function clockOf(timeZone = 'UTC'): ReadClock {
  if (timeZone === 'UTC') return (shown) => shown
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' })
  return (shown) => {
    const [before, after] = [shown - DAY_MS, shown + DAY_MS].map((instant) => offsetAt(instant, format)) as [
      number,
      number,
    ]
    const fitting = [before, after].find((offset) => offsetAt(shown - offset, format) === offset)
    return shown - (fitting ?? before)
  }
}

/** Turns an instant (epoch ms) into what the zone's clock shows then, written as if it were UTC. */
export function shownIn(timeZone = 'UTC'): ReadClock {
  if (timeZone === 'UTC') return (instant) => instant
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' })
  return (instant) => instant + offsetAt(instant, format)
}

/** Milliseconds east of UTC. */
function offsetAt(instant: number, format: Intl.DateTimeFormat): number {
  const name = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign, hours = 0, minutes = 0, seconds = 0] = OFFSET.exec(name) ?? []
  return (sign === '-' ? -1 : 1) * ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000
}
