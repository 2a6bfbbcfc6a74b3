import { isError, maskedText, messageOfError, textOf, UNREADABLE } from '@flexaction/shared/texts'

const LONGEST_TEXT = 10_000
const LONGEST_LINE = 4_000
const LINE_BREAKS = /[\r\n\u2028\u2029]+/g

/**
 * A text for people, as given to `ctx.skip`: an error is its message, an object compact JSON. Secrets are masked.
 * `undefined` when nothing was given.
 */
export function readText(value: unknown, mostCharacters = LONGEST_TEXT): string | undefined {
  if (value === undefined || value === null) return undefined
  return readable(value, mostCharacters)
}

/** A line given to `ctx.log`: at most 4,000 characters, without line breaks, with secrets masked. */
export function readLogLine(value: unknown): string {
  const text = readable(value, LONGEST_LINE)
  return text.replace(LINE_BREAKS, ' ')
}

/** How far a call is, 0 to 100; `undefined` for what is no finite number. */
export function readProgress(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(100, Math.max(0, value)) : undefined
}

function readable(value: unknown, mostCharacters: number): string {
  try {
    const text = isError(value) ? messageOfError(value, mostCharacters) : textOf(value, mostCharacters)
    return maskedText(text, mostCharacters)
  } catch {
    return UNREADABLE.slice(0, mostCharacters)
  }
}
