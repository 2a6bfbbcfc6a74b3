import { endOfString, type PathStep, pathTo } from './json-text.js'

const QUOTE = 0x22
const PLUS = 0x2b
const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const LOWER_E = 0x65
const UPPER_E = 0x45

/** Every number of so many digits, without an exponent, comes out of JSON.parse as it went in. */
const ALWAYS_EXACT_DIGITS = 15
const MOST_DIGITS_SHOWN = 60
const NUMBER = /^[+-]?(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i

/** A number of a JSON text that is another number once it has been read: `9007199254740993`, `0.1234567890123456789`, `1e400`. */
export class InexactNumber extends Error {
  override readonly name = 'InexactNumber'

  constructor(
    /** As it stands in the text, cut after 60 characters. */
    readonly literal: string,
    readonly path: readonly PathStep[],
  ) {
    super(`${literal} has more digits than a JSON number can carry`)
  }
}

/**
 * Throws {@link InexactNumber} for the first number of a JSON text that JSON.parse reads as another one. The text must be valid. Without a
 * copy of it, and for most texts without looking at each character: 1,000,000 ids take a fraction of the time of parsing them.
 */
export function refuseInexactNumbers(text: string): void {
  if (!hasLongDigits(text) && !hasDigitBefore('e', text) && !hasDigitBefore('E', text)) return
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(text, at)
    } else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      const end = endOfNumber(text, at)
      if (end - at > ALWAYS_EXACT_DIGITS || hasExponent(text, at, end)) {
        const literal = text.slice(at, end)
        if (!isExactNumber(literal)) throw new InexactNumber(shortened(literal), pathTo(text, at))
      }
      at = end
    } else at++
  }
}

/** Whether more than 15 digits and points stand in a row somewhere: one of them then stands at every sixteenth place. */
function hasLongDigits(text: string): boolean {
  for (let at = ALWAYS_EXACT_DIGITS; at < text.length; at += ALWAYS_EXACT_DIGITS + 1) {
    if (!isDigitOrPoint(text.charCodeAt(at))) continue
    let from = at
    while (isDigitOrPoint(text.charCodeAt(from - 1))) from--
    let to = at + 1
    while (isDigitOrPoint(text.charCodeAt(to))) to++
    if (to - from > ALWAYS_EXACT_DIGITS) return true
  }
  return false
}

function hasDigitBefore(letter: 'e' | 'E', text: string): boolean {
  for (let at = text.indexOf(letter, 1); at !== -1; at = text.indexOf(letter, at + 1))
    if (isDigitOrPoint(text.charCodeAt(at - 1))) return true
  return false
}

function isDigitOrPoint(code: number): boolean {
  return (code >= ZERO && code <= NINE) || code === POINT
}

/** Whether a text of digits, with or without a fraction and an exponent, means the same number once it has become one. */
export function isExactNumber(literal: string): boolean {
  const number = Number(literal)
  const written = String(number)
  return written === literal || (Number.isFinite(number) && sameDigits(literal, written))
}

function sameDigits(a: string, b: string): boolean {
  const [one, other] = [takeApart(a), takeApart(b)]
  return one.digits === other.digits && (one.digits === '' || one.exponent === other.exponent)
}

/** The digits without zeros at both ends, and the power of ten that the last of them stands for. */
function takeApart(literal: string): { digits: string; exponent: number } {
  const [, whole = '', fraction = '', exponent = '0'] = NUMBER.exec(literal) ?? []
  const all = whole + fraction
  let from = 0
  while (all.charCodeAt(from) === ZERO) from++
  let to = all.length
  while (to > from && all.charCodeAt(to - 1) === ZERO) to--
  return { digits: all.slice(from, to), exponent: Number(exponent) - fraction.length + (all.length - to) }
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1
  while (isPartOfNumber(text.charCodeAt(end))) end++
  return end
}

/** The text is valid JSON, so that the order of these need not be looked at. */
function isPartOfNumber(code: number): boolean {
  if (isDigitOrPoint(code)) return true
  return code === LOWER_E || code === UPPER_E || code === MINUS || code === PLUS
}

function hasExponent(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code === LOWER_E || code === UPPER_E) return true
  }
  return false
}

function shortened(literal: string): string {
  return literal.length > MOST_DIGITS_SHOWN ? `${literal.slice(0, MOST_DIGITS_SHOWN)}…` : literal
}
