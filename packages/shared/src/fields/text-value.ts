import { z } from 'zod'
import { type BlankOption, blankParam, unlessBlank } from './blank.js'
import type { FieldOptions } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { must, mustBe } from './wording.js'

const positive = mustBe('a whole number of at least 1')
const length = z.int(positive).min(1, positive).optional()

/** The options of CharField and TextField. */
export interface TextOptions<Required extends boolean, Default> extends FieldOptions<Required, Default>, BlankOption {
  /** Least characters (code points: an emoji is one), at least 1. `''` is not measured. Default: no limit. */
  minLength?: number
  /** Most characters, at least 1. Default: no limit. */
  maxLength?: number
}

/** The options as params of the published description. */
export function textParams({ minLength, maxLength, blank }: TextOptions<boolean, unknown>): Record<string, unknown> {
  return { min_length: minLength, max_length: maxLength, blank }
}

/** CharField and TextField read alike; they differ only in the input that Jet Admin shows. */
export const textField = fieldType({
  emptyIsAbsent: false,
  refusesBlank: unlessBlank,
  params: paramsOf({ min_length: length, max_length: length, blank: blankParam }).superRefine(
    ({ min_length: least, max_length: most }, ctx) => {
      if (least === undefined || most === undefined || least <= most) return
      ctx.addIssue({
        code: 'custom',
        path: ['min_length'],
        message: `must be at most max_length (${most}), received ${least}`,
      })
    },
  ),
  schema: ({ min_length: shortest, max_length: longest }) => {
    let text: z.ZodType<string> = z.union([z.string(), z.number().transform(String)], mustBe('text'))
    if (longest !== undefined)
      text = text.refine((value) => hasAtMost(longest, value), must(`have at most ${longest} characters`))
    if (shortest !== undefined)
      text = text.refine(
        (value) => value === '' || !hasAtMost(shortest - 1, value),
        must(`have at least ${shortest} characters`),
      )
    return text
  },
})

/** A text has at most as many code points as code units, and at least half as many, so that most texts need no counting. */
function hasAtMost(count: number, text: string): boolean {
  return text.length <= count || (text.length <= count * 2 && Array.from(text).length <= count)
}
