import { Text, Tooltip } from '@mantine/core'
import { useInterval } from '@mantine/hooks'
import { useState } from 'react'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `850 ms`, `12.4 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.round(ms)} ms`
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`
  if (ms < MINUTE) return `${Math.round(ms / SECOND)} s`
  const two = (big: number, bigName: string, small: number, smallName: string): string => {
    const rest = Math.floor((ms % big) / small)
    return `${Math.floor(ms / big)} ${bigName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`
  }
  if (ms < HOUR) return two(MINUTE, 'min', SECOND, 's')
  if (ms < DAY) return two(HOUR, 'h', MINUTE, 'min')
  return two(DAY, 'd', HOUR, 'h')
}

/** The time now, again and again. */
export function useNow(everyMs = SECOND): number {
  const [now, setNow] = useState(() => Date.now())
  useInterval(() => setNow(Date.now()), everyMs, { autoInvoke: true })
  return now
}

function ago(ms: number): string {
  if (ms < 5 * SECOND) return 'just now'
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s ago`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ago`
  return `${Math.floor(ms / DAY)} d ago`
}

export function exactTime(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
}

/** How long ago, with the exact time on demand. */
export function Ago({ iso, now }: { iso: string; now: number }) {
  return (
    <Tooltip label={exactTime(iso)}>
      <Text component="time" dateTime={iso} size="sm" className="numbers" inherit>
        {ago(Math.max(0, now - Date.parse(iso)))}
      </Text>
    </Tooltip>
  )
}

/** How long something took, or has taken so far. */
export function took(startedAt: string | undefined, finishedAt: string | undefined, now: number): string {
  if (startedAt === undefined) return ''
  return duration(Math.max(0, (finishedAt === undefined ? now : Date.parse(finishedAt)) - Date.parse(startedAt)))
}
