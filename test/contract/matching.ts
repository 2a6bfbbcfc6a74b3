import { expect } from 'vitest'

const TEXTS: Readonly<Record<string, RegExp>> = {
  '<run id>': /^[0-9a-v]{20}$/,
  '<iso time>': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  '<run path>': /^\/api\/runs\/[0-9a-v]{20}$/,
}

/** Turns the markers of a case (`<run id>`, `<iso time>`, `<run path>`, `~pattern`) into matchers; all else stays exact. */
export function expectation(value: unknown): unknown {
  if (typeof value === 'string') {
    if (value.startsWith('~')) return expect.stringMatching(new RegExp(value.slice(1)))
    const pattern = TEXTS[value]
    return pattern ? expect.stringMatching(pattern) : value
  }
  if (Array.isArray(value)) return value.map(expectation)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, expectation(inner)]))
}
