import { SECRET } from './secret-fields.js'

/** Shorter values stand in too many words: to mask them there would tell where they are. */
const FEWEST_CHARACTERS = 4
/** Lines of a longer value, such as a key in PEM, are masked one by one if they have so many characters. */
const FEWEST_IN_LINE = 8
/** Texts that are looked for, of one run. */
const MOST_TEXTS = 100
const MOST_LEVELS = 100

/** Masks the secret values of one run wherever a handler writes them. What encodes them in another way is not found. */
export class SecretMask {
  /** As they are, as they stand in JSON, and as they stand in addresses; the longest first. */
  readonly #spellings: readonly string[]
  readonly #values: ReadonlySet<string>

  private constructor(texts: readonly string[]) {
    this.#values = new Set(texts)
    const spellings = texts.flatMap((text) => [text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)])
    this.#spellings = [...new Set(spellings)].sort((a, b) => b.length - a.length)
  }

  /** `undefined` when there is nothing to look for. */
  static of(values: Iterable<unknown>): SecretMask | undefined {
    const texts = new Set<string>()
    for (const value of values) collect(value, texts, 0)
    return texts.size > 0 ? new SecretMask([...texts]) : undefined
  }

  text(text: string): string {
    let masked = text
    for (const spelling of this.#spellings) masked = masked.replaceAll(spelling, SECRET)
    return masked.endsWith('…') ? this.#withoutBeginning(masked.slice(0, -1)) : masked
  }

  /** A JSON text stays one. */
  json(json: string): string {
    if (!this.#spellings.some((spelling) => json.includes(spelling))) return json
    return JSON.stringify(this.value(JSON.parse(json)))
  }

  /** A copy of a plain value. */
  value(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value)
    if (typeof value === 'number') return this.#values.has(String(value)) ? SECRET : value
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map((one) => this.value(one))
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [this.text(key), this.value(one)]))
  }

  /** A text that was cut, without the beginning of a secret that the cut divides. */
  #withoutBeginning(text: string): string {
    for (const spelling of this.#spellings) {
      const start = spelling.slice(0, FEWEST_CHARACTERS)
      const earliest = Math.max(0, text.length - spelling.length)
      for (let at = text.indexOf(start, earliest); at !== -1; at = text.indexOf(start, at + 1))
        if (spelling.startsWith(text.slice(at))) return `${text.slice(0, at)}${SECRET}…`
    }
    return `${text}…`
  }
}

/** The texts and numbers in a value, as texts. */
function collect(value: unknown, texts: Set<string>, level: number): void {
  if (texts.size >= MOST_TEXTS || level > MOST_LEVELS) return
  if (typeof value === 'string' || typeof value === 'number') {
    const text = String(value).toWellFormed()
    const lines = text.split(/[\r\n]+/)
    if (text.trim().length >= FEWEST_CHARACTERS) texts.add(text).add(text.trim())
    if (lines.length > 1) for (const line of lines) if (line.trim().length >= FEWEST_IN_LINE) texts.add(line.trim())
  } else if (typeof value === 'object' && value !== null) {
    for (const one of Object.values(value)) collect(one, texts, level + 1)
  }
}
