/** Enough for every number of JavaScript (at most 324 digits after the point), and few enough to be cheap. */
export const MOST_DIGITS = 400

const NOTATION = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i

/** A decimal number, digit by digit: nothing here goes through a float. */
export interface ExactDecimal {
  readonly negative: boolean
  /** Digits before the point, without leading zeros: empty for 0.5. */
  readonly whole: string
  /** Digits after the point, trailing zeros included. */
  readonly fraction: string
}

/**
 * Reads plain and exponent notation (`-12.50`, `.5`, `1e-7`), spaces around allowed.
 * `undefined` for other text, and for more than {@link MOST_DIGITS} digits.
 */
export function parseDecimal(text: string): ExactDecimal | undefined {
  const match = NOTATION.exec(text.trim())
  if (!match) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  if (whole + fraction === '') return undefined
  const shifted = shiftPoint(whole.replace(/^0+/, ''), fraction, Number(exponent))
  if (!shifted) return undefined
  const isZero = /^0*$/.test(shifted.whole + shifted.fraction)
  return { negative: sign === '-' && !isZero, ...shifted }
}

/** Moves the point right by `exponent` places (left when negative). */
function shiftPoint(whole: string, fraction: string, exponent: number): Omit<ExactDecimal, 'negative'> | undefined {
  const wholeLength = Math.max(whole.length + exponent, 0)
  const fractionLength = Math.max(fraction.length - exponent, 0)
  // Before any padding: an exponent of a billion must cost nothing.
  if (wholeLength + fractionLength > MOST_DIGITS) return undefined
  const digits = whole + fraction
  const padded = exponent < 0 ? digits.padStart(fractionLength, '0') : digits.padEnd(wholeLength, '0')
  return {
    whole: padded.slice(0, padded.length - fractionLength).replace(/^0+/, ''),
    fraction: padded.slice(padded.length - fractionLength),
  }
}

/** Plain notation: `-12.50`, `0.5`, `0`. */
export function formatDecimal({ negative, whole, fraction }: ExactDecimal): string {
  return `${negative ? '-' : ''}${whole || '0'}${fraction && `.${fraction}`}`
}

/** Drops zeros from the fraction's end until it has `places` digits. Other digits stay. */
export function dropExcessZeros(decimal: ExactDecimal, places: number): ExactDecimal {
  const { fraction } = decimal
  const excess = fraction.slice(places)
  return /^0*$/.test(excess) ? { ...decimal, fraction: fraction.slice(0, places) } : decimal
}

/** True when a < b, exactly. */
export function isLess(a: ExactDecimal, b: ExactDecimal): boolean {
  const places = Math.max(a.fraction.length, b.fraction.length)
  return scaled(a, places) < scaled(b, places)
}

function scaled({ negative, whole, fraction }: ExactDecimal, places: number): bigint {
  const digits = BigInt(whole + fraction.padEnd(places, '0'))
  return negative ? -digits : digits
}
