import { z } from 'zod'
import type { FieldOptions } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { must, mustBe } from './wording.js'

const positive = mustBe('a whole number of at least 1')

/** The options of CharField and TextField. */
export interface TextOptions<Required extends boolean, Default> extends FieldOptions<Required, Default> {
  /** Most characters (code points: an emoji is one), at least 1. Default: no limit. */
  maxLength?: number
}

/** CharField and TextField read alike; they differ only in the input that Jet Admin shows. */
export const textField = fieldType({
  emptyIsAbsent: false,
  params: paramsOf({ max_length: z.int(positive).min(1, positive).optional() }),
  schema: ({ max_length: longest }) => {
    const text = z.union([z.string(), z.number().transform(String)], mustBe('text'))
    if (longest === undefined) return text
    return text.refine((value) => isAtMost(longest, value), must(`have at most ${longest} characters`))
  },
})

/** A text has at most as many code points as code units, so that most texts need no counting. */
function isAtMost(longest: number, text: string): boolean {
  return text.length <= longest || (text.length <= longest * 2 && Array.from(text).length <= longest)
}
