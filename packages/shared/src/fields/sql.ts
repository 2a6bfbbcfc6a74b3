import { z } from 'zod'
import { type BlankOption, blankParam, unlessBlank } from './blank.js'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { mustBe } from './wording.js'

export const sqlField = fieldType({
  emptyIsAbsent: false,
  refusesBlank: unlessBlank,
  params: paramsOf({ blank: blankParam }),
  schema: () => z.string(mustBe('text')),
})

/**
 * An SQL editor (SqlField, PROTOCOL.md section 3). The handler gets the text as sent: nothing here reads or runs it.
 * Refuses all but text; when required, also `''` and blanks, unless `blank` allows them.
 */
export function sql<Required extends boolean = true, Default extends string = never>(
  options: FieldOptions<Required, Default> & BlankOption = {},
): Field<string, Present<Required, Default>> {
  return declareField('SqlField', options, { blank: options.blank })
}
