import { clockOf, type ReadClock } from './time-zone.js'

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/
const TIME = /^(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?$/
const OFFSET = /^(?:z|([+-])(\d{2})(?::?(\d{2}))?)$/i
const MOMENT = /^(\d{4}-\d{2}-\d{2})(?:[t ]([\d:.,]+) ?(z|[+-][\d:]+)?)?$/i

const MINUTE_MS = 60_000

/** A text of ISO 8601, taken apart and found to be real. */
export interface Moment {
  /** The day as written, whatever the offset: `YYYY-MM-DD`. */
  readonly day: string
  /** Whether an offset, or `Z`, says which instant it is. */
  readonly hasOffset: boolean
  /** The instant: without an offset, by `clock`; without a time, midnight. Digits beyond milliseconds are cut. */
  readonly instant: Date
}

/**
 * Reads `YYYY-MM-DD`, alone or with `T` or a space, a time, and an offset. `undefined` for all else, 30 February
 * included.
 */
export function parseMoment(text: string, clock: ReadClock = clockOf()): Moment | undefined {
  const match = MOMENT.exec(text.trim())
  if (!match) return undefined
  const [, day = '', timeText = '00:00', offsetText] = match
  const time = parseTime(timeText)
  if (!isRealDay(day) || !time) return undefined
  const shown = Date.parse(`${day}T${time.clock}.${time.milliseconds}Z`)
  if (offsetText === undefined) return { day, hasOffset: false, instant: new Date(clock(shown)) }
  const offset = parseOffset(offsetText)
  return offset === undefined ? undefined : { day, hasOffset: true, instant: new Date(shown - offset * MINUTE_MS) }
}

/** Reads `HH:mm`, `HH:mm:ss` and `HH:mm:ss.fff`, 00:00 to 23:59:59. */
export function parseTime(text: string): { clock: string; milliseconds: string } | undefined {
  const match = TIME.exec(text.trim())
  if (!match) return undefined
  const [, hour = '', minute = '', second = '00', fraction = ''] = match
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  return { clock: `${hour}:${minute}:${second}`, milliseconds: fraction.slice(0, 3).padEnd(3, '0') }
}

/** Minutes east of UTC. */
function parseOffset(text: string): number | undefined {
  const match = OFFSET.exec(text)
  if (!match) return undefined
  const [, sign, hours = '0', minutes = '0'] = match
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

function isRealDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = (DAY.exec(text) ?? []).slice(1).map(Number)
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}
