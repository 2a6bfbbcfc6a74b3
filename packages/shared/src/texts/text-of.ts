import { types } from 'node:util'
import { isError, plainMessageOf } from './error-names.js'
import { isSecretKey, MASKED } from './mask-secrets.js'
import { propertyOf, UNREADABLE } from './property-of.js'

const MOST_LEVELS = 20
/** Keys of objects that are listed for one text: an object with very many may stand in many places. */
const MOST_KEYS = 100_000
/** Beyond it, writing a BigInt takes more than linear time. */
const LARGEST_BIGINT = 10n ** 1000n

/**
 * Whatever a value is, as text for people: a text as it is, an error as its message, an object as compact JSON in which
 * values of secret keys are masked. At most about so many characters are written, so that the time does not grow with
 * the value's nesting. Never throws: what cannot be read is said to be unreadable.
 */
export function textOf(value: unknown, mostCharacters: number): string {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null) {
    if (isError(value)) return plainMessageOf(value)
    const writer = new TextWriter(mostCharacters)
    writer.write(value, 0)
    // A date, for example, is a text by itself.
    return writer.text.startsWith('"') ? (JSON.parse(writer.text) as string) : writer.text
  }
  return typeof value === 'bigint' ? textOfBigint(value) : textOfOther(value)
}

function textOfBigint(value: bigint): string {
  return value < LARGEST_BIGINT && value > -LARGEST_BIGINT ? value.toString() : '[a number of more than 1000 digits]'
}

function textOfOther(value: unknown): string {
  if (typeof value !== 'function') return String(value)
  const name = propertyOf(value, 'name')
  return typeof name === 'string' && name !== '' ? `[function ${name}]` : '[function]'
}

/** Writes JSON until there is enough of it. */
class TextWriter {
  text = ''
  readonly #above = new Set<object>()
  #keysLeft = MOST_KEYS

  constructor(private readonly mostCharacters: number) {}

  get #left(): number {
    return this.mostCharacters - this.text.length
  }

  write(value: unknown, level: number): void {
    if (this.#left < 0) return
    if (typeof value === 'object' && value !== null) return this.#writeObject(value, level)
    if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined)
      this.text += JSON.stringify(value ?? null)
    else this.#writeText(textOf(value, this.#left))
  }

  #writeText(text: string): void {
    this.text += JSON.stringify(text.length > this.#left ? text.slice(0, this.#left + 1) : text)
  }

  #writeObject(value: object, level: number): void {
    if (this.#above.has(value)) return this.#writeText('[circular]')
    if (level >= MOST_LEVELS) return this.#writeText('[nested too deeply]')
    this.#above.add(value)
    try {
      this.#writeReadable(value, level)
    } catch {
      this.#writeText(UNREADABLE)
    }
    this.#above.delete(value)
  }

  /** Throws only before it has written anything. */
  #writeReadable(value: object, level: number): void {
    if (isError(value)) return this.#writeText(plainMessageOf(value))
    if (types.isPromise(value)) return this.#writeText('[a promise]')
    if (ArrayBuffer.isView(value)) return this.#writeText(`[${value.byteLength} bytes]`)
    if (types.isMap(value)) return this.#writeEntries(Map.prototype.entries.call(value), level)
    if (types.isSet(value)) return this.#writeList(Set.prototype.values.call(value), level)
    const toJSON = propertyOf(value, 'toJSON')
    if (typeof toJSON === 'function') return this.write((toJSON as () => unknown).call(value), level + 1)
    if (Array.isArray(value)) return this.#writeList(elementsOf(value, value.length), level)
    if (this.#keysLeft < 0) return this.#writeText('[too large]')
    const keys = Object.keys(value)
    this.#keysLeft -= keys.length
    this.#writeEntries(membersOf(value, keys), level)
  }

  #writeList(values: Iterable<unknown>, level: number): void {
    this.text += '['
    let separator = ''
    for (const one of values) {
      if (this.#left < 0) break
      this.text += separator
      separator = ','
      this.write(one, level + 1)
    }
    this.text += ']'
  }

  #writeEntries(entries: Iterable<[unknown, unknown]>, level: number): void {
    this.text += '{'
    let separator = ''
    for (const [name, one] of entries) {
      if (this.#left < 0) break
      if (one === undefined || typeof one === 'function') continue
      const key = typeof name === 'object' && name !== null ? '[an object]' : textOf(name, this.#left)
      this.text += separator
      separator = ','
      this.#writeText(key)
      this.text += ':'
      this.write(isSecretKey(key) ? MASKED : one, level + 1)
    }
    this.text += '}'
  }
}

function* elementsOf(list: readonly unknown[], length: number): Generator<unknown> {
  for (let index = 0; index < length; index++) yield propertyOf(list, index)
}

function* membersOf(owner: object, keys: readonly string[]): Generator<[string, unknown]> {
  for (const key of keys) yield [key, propertyOf(owner, key)]
}
