import { z } from 'zod'
import { paramsOf } from './field-type.js'
import { mustBe } from './wording.js'

const bound = z.number(mustBe('a number')).optional()

/** The params `min` and `max` of IntegerField and FloatField; both are allowed values. */
export const boundParams = paramsOf({ min: bound, max: bound }).superRefine(({ min, max }, ctx) => {
  if (min === undefined || max === undefined || min <= max) return
  ctx.addIssue({ code: 'custom', path: ['min'], message: `must be at most max (${max}), received ${min}` })
})

/** Narrows a number's schema to the field's bounds. */
export function withinBounds(schema: z.ZodType<number>, { min, max }: z.infer<typeof boundParams>): z.ZodType<number> {
  let bounded = schema
  if (min !== undefined) bounded = bounded.refine((number) => number >= min, mustBe(`at least ${min}`))
  if (max !== undefined) bounded = bounded.refine((number) => number <= max, mustBe(`at most ${max}`))
  return bounded
}
