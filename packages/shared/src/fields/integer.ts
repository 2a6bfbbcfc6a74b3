import { z } from 'zod'
import { boundParams, withinBounds } from './bounds.js'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType } from './field-type.js'
import { inPlainDigits, refusal } from './wording.js'

export interface IntegerOptions<Required extends boolean, Default> extends FieldOptions<Required, Default> {
  /** Least allowed value. Default: -(2^53-1). */
  min?: number
  /** Greatest allowed value. Default: 2^53-1. */
  max?: number
}

const WHOLE_TEXT = /^\s*[+-]?\d+\s*$/

const integerValue = z.unknown().transform((raw, ctx) => {
  const number = typeof raw === 'string' && WHOLE_TEXT.test(raw) ? Number(raw) : raw
  if (typeof number !== 'number' || !Number.isInteger(number))
    ctx.addIssue(refusal(`be a whole number${inPlainDigits(raw)}`, raw))
  else if (!Number.isSafeInteger(number))
    ctx.addIssue(refusal(`be between ${Number.MIN_SAFE_INTEGER} and ${Number.MAX_SAFE_INTEGER}`, raw))
  else return number + 0 // -0 becomes 0
  return z.NEVER
})

export const integerField = fieldType({
  emptyIsAbsent: true,
  params: boundParams,
  schema: (params) => withinBounds(integerValue, params),
})

/**
 * A whole number (IntegerField, PROTOCOL.md section 3). The handler gets a number. Takes whole numbers, also as text
 * with spaces around (`" 5 "`, but not `"5.0"`). `''` counts as absent. Refuses fractions, and numbers beyond
 * ±(2^53-1), which a number cannot hold exactly, and outside `min` and `max`.
 */
export function integer<Required extends boolean = true, Default extends number = never>(
  options: IntegerOptions<Required, Default> = {},
): Field<number, Present<Required, Default>> {
  return declareField('IntegerField', options, { min: options.min, max: options.max })
}
