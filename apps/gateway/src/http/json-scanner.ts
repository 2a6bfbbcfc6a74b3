import { FlexActionError } from '@flexaction/shared/errors'

/** How much JSON may hold before it is parsed. */
export interface JsonBounds {
  /** Nesting. */
  levels: number
  /** Objects and lists: each costs far more than the two characters that it may be written with. */
  containers: number
  /** Values of all kinds. */
  values: number
  /** Keys of one object: looking up one of many is fast, and making an object of so many is not. */
  keys: number
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Counts what JSON holds as it passes, without building any of it. It does not tell whether it is JSON: the parser does. */
export class JsonScanner {
  #inText = false
  #escaped = false
  #levels = 0
  #containers = 0
  #values = 1
  /** Keys so far of the object that is open at each level. */
  readonly #keys: number[] = []

  constructor(private readonly bounds: JsonBounds) {}

  /** Throws a field error once more has passed than is allowed. */
  scan(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]
      if (this.#inText) {
        if (this.#escaped) this.#escaped = false
        else if (byte === BACKSLASH) this.#escaped = true
        else if (byte === QUOTE) this.#inText = false
        continue
      }
      if (byte === undefined || (byte > COMMA && byte < COLON) || byte < QUOTE) continue
      if (byte === QUOTE) this.#inText = true
      else if (byte === COMMA) this.#values++
      else if (byte === COLON) this.#key()
      else if (byte === OPEN_LIST || byte === OPEN_OBJECT) this.#open()
      else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) this.#levels--
    }
    const { values, containers } = this.bounds
    if (this.#values > values) throw tooMuch(`more than ${values} values`)
    if (this.#containers > containers) throw tooMuch(`more than ${containers} objects and lists`)
  }

  #open(): void {
    this.#values++
    this.#containers++
    if (++this.#levels > this.bounds.levels) throw tooMuch(`more than ${this.bounds.levels} levels`)
    this.#keys[this.#levels] = 0
  }

  #key(): void {
    const keys = (this.#keys[this.#levels] ?? 0) + 1
    if (keys > this.bounds.keys) throw tooMuch(`an object with more than ${this.bounds.keys} keys`)
    this.#keys[this.#levels] = keys
  }
}

/** Bounds of a text that holds JSON inside of JSON. Ids are most of its values: as many as MAX_IDS may ever allow. */
const OF_TEXTS: JsonBounds = { levels: 10_000, containers: 100_000, values: 10_100_000, keys: 10_000 }

/** Throws a field error for a text that would cost too much to parse. */
export function requireBoundedJson(text: string): void {
  new JsonScanner(OF_TEXTS).scan(Buffer.from(text))
}

function tooMuch(what: string): FlexActionError {
  return FlexActionError.fields({ non_field_errors: [`Incorrect JSON body: it holds ${what}`] })
}
