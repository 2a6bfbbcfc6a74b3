import { z } from 'zod'
import { boundParams, withinBounds } from './bounds.js'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType } from './field-type.js'
import { isExactNumber } from '../json/exact-numbers.js'
import { inPlainDigits, refusal } from './wording.js'

export interface FloatOptions<Required extends boolean, Default> extends FieldOptions<Required, Default> {
  /** Least allowed value. Default: none. */
  min?: number
  /** Greatest allowed value. Default: none. */
  max?: number
}

const NUMBER_TEXT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

const floatValue = z.unknown().transform((raw, ctx) => {
  const text = typeof raw === 'string' ? raw.trim() : ''
  const number = NUMBER_TEXT.test(text) ? Number(text) : raw
  if (typeof number !== 'number' || !Number.isFinite(number))
    ctx.addIssue(refusal(`be a number${inPlainDigits(raw)}`, raw))
  else if (text !== '' && !isExactNumber(text))
    ctx.addIssue(refusal('be a number without more digits than a float can hold', raw))
  else return number + 0 // -0 becomes 0
  return z.NEVER
})

export const floatField = fieldType({
  emptyIsAbsent: true,
  params: boundParams,
  schema: (params) => withinBounds(floatValue, params),
})

/**
 * A number (FloatField, PROTOCOL.md section 3). The handler gets a finite number; for money, use `decimal`. Takes
 * numbers, also as text (`"12.5"`, `"1e3"`). `''` counts as absent. Refuses text that is no number, numbers too great
 * for a number to hold, numbers with more digits than one can hold, and numbers outside `min` and `max`.
 */
export function float<Required extends boolean = true, Default extends number = never>(
  options: FloatOptions<Required, Default> = {},
): Field<number, Present<Required, Default>> {
  return declareField('FloatField', options, { min: options.min, max: options.max })
}
