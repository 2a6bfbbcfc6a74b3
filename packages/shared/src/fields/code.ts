import { z } from 'zod'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { mustBe } from './wording.js'

export const codeField = fieldType({
  emptyIsAbsent: false,
  params: paramsOf({}),
  schema: () => z.string(mustBe('text')),
})

/**
 * A code editor (CodeField, PROTOCOL.md section 3). The handler gets the text as sent: nothing here reads or runs it.
 * `''` is a value, also when required. Refuses all but text.
 */
export function code<Required extends boolean = true, Default extends string = never>(
  options: FieldOptions<Required, Default> = {},
): Field<string, Present<Required, Default>> {
  return declareField('CodeField', options)
}
