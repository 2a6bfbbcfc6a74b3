/** Largest result of one call, as JSON, in characters: results are read with the run's items, many at a time. */
const MOST_CHARACTERS = 256_000
/** Deeper ones are read by recursive functions elsewhere, whose stack ends at some 4,000 levels. */
const MOST_LEVELS = 200
const LEVELS_OF_SMALL_ONES = 20
/** Values, and each 32 characters of texts and keys, that a result may consist of to be small. */
const WEIGHT_OF_SMALL_ONES = 50_000
/** Values that are looked at: what JSON leaves out takes time, too. */
const MOST_LOOKS = 2_000_000
/** Some 256,000 digits: a larger one is not even written. */
const LARGEST_BIGINT = 1n << 850_000n

const MADE_HERE = new WeakSet<object>()

/** Why a value cannot be stored. */
export class Unstorable extends Error {
  override readonly name = 'Unstorable'

  constructor(message: string) {
    super(message)
    MADE_HERE.add(this)
  }

  /** Unlike `instanceof` it asks nothing of the value, which may be a proxy that throws. */
  static is(thrown: unknown): thrown is Unstorable {
    return typeof thrown === 'object' && thrown !== null && MADE_HERE.has(thrown)
  }
}

/**
 * A value as JSON: NaN and Infinity become null, dates ISO 8601, bigints texts. `undefined` for what JSON leaves out. Throws
 * {@link Unstorable}, or what the value's own getters and methods throw. The time is bounded by the value's size, or by the
 * largest JSON that may come out, whichever is less: objects that stand in many places count once for each.
 */
export function jsonOf(value: unknown): string | undefined {
  const small = (typeof value !== 'object' && typeof value !== 'bigint') || value === null || isSmall(value)
  // A replacer costs much more than none: only what may be large, or is unusual, gets one.
  const json = (small ? JSON.stringify(value) : JSON.stringify(value, carefully())) as string | undefined
  if (json !== undefined && json.length > MOST_CHARACTERS) throw tooLarge(json.length)
  return json
}

function isSmall(value: object | bigint): boolean {
  return typeof value === 'object' && weightLeft(value, WEIGHT_OF_SMALL_ONES, 0) >= 0
}

/** What is left of a weight after a value; negative for what is heavier, deep, or not plain. */
function weightLeft(value: object, weight: number, level: number): number {
  if (level > LEVELS_OF_SMALL_ONES || ArrayBuffer.isView(value)) return -1
  if ('toJSON' in value && !(value instanceof Date)) return -1
  let left = weight
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length && left >= 0; at++) left = weightAfter(value[at], left, level)
    return left
  }
  for (const key in value) {
    left = weightAfter((value as Record<string, unknown>)[key], left - (key.length >> 5), level)
    if (left < 0) return left
  }
  return left
}

function weightAfter(value: unknown, left: number, level: number): number {
  if (typeof value === 'string') return left - 1 - (value.length >> 5)
  if (typeof value === 'object' && value !== null) return weightLeft(value, left - 1, level + 1)
  return typeof value === 'bigint' ? -1 : left - 1
}

/** A replacer for one value, which writes bigints as texts and stops at what is too large, too deep, or inside of itself. */
function carefully(): (this: unknown, key: string, value: unknown) => unknown {
  let left = MOST_CHARACTERS
  let looks = MOST_LOOKS
  const path: object[] = []
  const above = new Set<unknown>()
  return function replace(key, value) {
    while (path.length > 0 && path.at(-1) !== this) above.delete(path.pop())
    if (--looks < 0) throw tooLarge()
    const isWritten = value !== undefined && typeof value !== 'function' && typeof value !== 'symbol'
    if (Array.isArray(this)) left--
    else if (isWritten) left -= key.length + 1
    if (typeof value === 'bigint') {
      if (value > LARGEST_BIGINT || value < -LARGEST_BIGINT) throw tooLarge()
      const text = value.toString()
      left -= text.length
      if (left < 0) throw tooLarge()
      return text
    }
    if (typeof value === 'string') left -= value.length
    if (typeof value === 'object' && value !== null) {
      if (above.has(value)) throw new Unstorable('the result cannot be stored as JSON: it contains itself')
      if (path.length >= MOST_LEVELS)
        throw new Unstorable(`the result cannot be stored as JSON: it is nested more than ${MOST_LEVELS} levels deep`)
      // Each element takes two characters at least.
      if (Array.isArray(value) || ArrayBuffer.isView(value)) left -= 'length' in value ? (value.length as number) : 0
      path.push(value)
      above.add(value)
    }
    if (left < 0) throw tooLarge()
    return value
  }
}

function tooLarge(characters?: number): Unstorable {
  const size =
    characters === undefined
      ? `more than ${MOST_CHARACTERS} characters of JSON`
      : `${characters} characters of JSON, at most ${MOST_CHARACTERS} are kept`
  return new Unstorable(`the result is too large: ${size}; return result.file(…) instead`)
}
