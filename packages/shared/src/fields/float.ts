import { z } from 'zod'
import { boundParams, withinBounds } from './bounds.js'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType } from './field-type.js'
import { mustBe } from './wording.js'

export interface FloatOptions<Required extends boolean, Default> extends FieldOptions<Required, Default> {
  /** Least allowed value. Default: none. */
  min?: number
  /** Greatest allowed value. Default: none. */
  max?: number
}

const numberText = z
  .string()
  .trim()
  .regex(/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i)
  .transform(Number)

const floatValue = z
  .union([z.number(), numberText.pipe(z.number())], mustBe('a number'))
  .transform((number) => number + 0) // -0 becomes 0

export const floatField = fieldType({
  emptyIsAbsent: true,
  params: boundParams,
  schema: (params) => withinBounds(floatValue, params),
})

/**
 * A number (FloatField, PROTOCOL.md section 3). The handler gets a finite number; for money, use `decimal`. Takes
 * numbers, also as text (`"12.5"`, `"1e3"`). `''` counts as absent. Refuses text that is no number, numbers too great
 * for a number to hold, and numbers outside `min` and `max`.
 */
export function float<Required extends boolean = true, Default extends number = never>(
  options: FloatOptions<Required, Default> = {},
): Field<number, Present<Required, Default>> {
  return declareField('FloatField', options, { min: options.min, max: options.max })
}
