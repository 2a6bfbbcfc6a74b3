import { refuseInexactNumbers } from './exact-numbers.js'
import { refuseRepeatedKeys } from './repeated-keys.js'

/** More can be read, but not written again: V8 gives up at some thousands. */
export const MOST_JSON_LEVELS = 100

/**
 * A JSON text as a value that says what the text said. Throws a SyntaxError for what is no JSON, an InexactNumber for a number that would be
 * another one, and a RepeatedKey for a key that stands twice in an object.
 */
export function parseJsonExactly(text: string, parse: (text: string) => unknown = JSON.parse): unknown {
  const value = parse(text)
  refuseInexactNumbers(text)
  refuseRepeatedKeys(text, value)
  return value
}

/** Whether objects and lists stand in each other on more than so many levels. */
export function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  return (Array.isArray(value) ? value : Object.values(value)).some((one) => isDeeperThan(levels - 1, one))
}
