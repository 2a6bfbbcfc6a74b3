import { z } from 'zod'
import { type BlankOption, blankParam, unlessBlank } from './blank.js'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { mustBe } from './wording.js'

export const codeField = fieldType({
  emptyIsAbsent: false,
  refusesBlank: unlessBlank,
  params: paramsOf({ blank: blankParam }),
  schema: () => z.string(mustBe('text')),
})

/**
 * A code editor (CodeField, PROTOCOL.md section 3). The handler gets the text as sent: nothing here reads or runs it.
 * Refuses all but text; when required, also `''` and blanks, unless `blank` allows them.
 */
export function code<Required extends boolean = true, Default extends string = never>(
  options: FieldOptions<Required, Default> & BlankOption = {},
): Field<string, Present<Required, Default>> {
  return declareField('CodeField', options, { blank: options.blank })
}
