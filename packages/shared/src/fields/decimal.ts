import { z } from 'zod'
import {
  dropExcessZeros,
  type ExactDecimal,
  formatDecimal,
  isLess,
  MOST_DIGITS,
  parseDecimal,
} from './exact-decimal.js'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { inPlainDigits, mustBe, refusal } from './wording.js'

export interface DecimalOptions<Required extends boolean, Default> extends FieldOptions<Required, Default> {
  /** Most digits in all; with `decimalPlaces`, at most the difference stands before the point. Default: 400. */
  maxDigits?: number
  /** Most digits after the point. Default: no limit but `maxDigits`. */
  decimalPlaces?: number
  /** Least allowed value, compared exactly. Default: none. */
  min?: string | number
  /** Greatest allowed value, compared exactly. Default: none. */
  max?: string | number
}

type Rules = z.infer<typeof decimalParams>

const decimalText = `a decimal number of at most ${MOST_DIGITS} digits`

const bound = z
  .union([z.string(), z.number()], mustBe('a decimal number'))
  .refine((value) => parseDecimal(String(value)) !== undefined, mustBe('a decimal number'))
  .optional()

const digitCount = mustBe('a whole number of at least 1')
const placeCount = mustBe('a whole number of at least 0')

const decimalParams = paramsOf({
  max_digits: z.int(digitCount).min(1, digitCount).optional(),
  decimal_places: z.int(placeCount).min(0, placeCount).optional(),
  min: bound,
  max: bound,
}).superRefine(({ max_digits: digits = Infinity, decimal_places: places = 0, min, max }, ctx) => {
  const report = (key: string, message: string) => ctx.addIssue({ code: 'custom', path: [key], message })
  if (places > digits) report('decimal_places', `must be at most max_digits (${digits}), received ${places}`)
  const [least, greatest] = [parseBound(min), parseBound(max)]
  if (least && greatest && isLess(greatest, least)) report('min', `must be at most max (${max}), received ${min}`)
})

function parseBound(bound: string | number | undefined): ExactDecimal | undefined {
  return bound === undefined ? undefined : parseDecimal(String(bound))
}

export const decimalField = fieldType({
  emptyIsAbsent: true,
  params: decimalParams,
  schema: (rules) => {
    const check = checksOf(rules)
    return z.union([z.string(), z.number()], mustBe('a decimal number')).transform((raw, ctx) => {
      const sent = parseDecimal(String(raw))
      if (!sent) {
        ctx.addIssue(refusal(`be ${decimalText}${inPlainDigits(raw)}`, raw))
        return z.NEVER
      }
      const decimal = dropExcessZeros(sent, rules.decimal_places ?? Infinity)
      for (const broken of check(decimal)) ctx.addIssue(refusal(broken, raw))
      return formatDecimal(decimal)
    })
  },
})

/** The rules that a decimal breaks, in words. */
function checksOf({ max_digits: digits, decimal_places: places, min, max }: Rules) {
  const [least, greatest] = [parseBound(min), parseBound(max)]
  const wholeDigits = digits === undefined || places === undefined ? undefined : digits - places
  return (decimal: ExactDecimal): string[] => {
    const { whole, fraction } = decimal
    const broken: string[] = []
    if (digits !== undefined && whole.length + fraction.length > digits) broken.push(`have at most ${digits} digits`)
    else if (wholeDigits !== undefined && whole.length > wholeDigits) {
      broken.push(`have at most ${wholeDigits} digits before the point`)
    }
    if (places !== undefined && fraction.length > places) broken.push(`have at most ${places} decimal places`)
    if (least && isLess(decimal, least)) broken.push(`be at least ${min}`)
    if (greatest && isLess(greatest, decimal)) broken.push(`be at most ${max}`)
    return broken
  }
}

/**
 * An exact decimal number, such as money (DecimalField, PROTOCOL.md section 3). The handler gets a **string** in
 * canonical form: no exponent, no `+`, no leading zeros but the one before a point, `0` for `-0`. Text never goes
 * through a float.
 *
 * Trailing zeros of the fraction carry its scale and stay as sent (`"10.50"` stays `"10.50"`); only those beyond
 * `decimalPlaces` are dropped. Nothing is rounded: other digits beyond `decimalPlaces` are refused. So are text that
 * is no number, more than `maxDigits` digits (400 in any case, exponents expanded), and values outside `min` and
 * `max`. `''` counts as absent.
 */
export function decimal<Required extends boolean = true, Default extends string | number = never>(
  options: DecimalOptions<Required, Default> = {},
): Field<string, Present<Required, Default>> {
  return declareField('DecimalField', options, {
    max_digits: options.maxDigits,
    decimal_places: options.decimalPlaces,
    min: options.min,
    max: options.max,
  })
}
