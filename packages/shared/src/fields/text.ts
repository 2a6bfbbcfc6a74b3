import { declareField, type Field, type Present } from './field.js'
import { type TextOptions, textParams } from './text-value.js'

export { textField } from './text-value.js'

/**
 * Text of many lines (TextField, PROTOCOL.md section 3). The handler gets a string. Takes text, and numbers, which
 * become text. Refuses more than `maxLength` characters and fewer than `minLength`; when required, also `''` and blanks, unless `blank`
 * allows them.
 */
export function text<Required extends boolean = true, Default extends string = never>(
  options: TextOptions<Required, Default> = {},
): Field<string, Present<Required, Default>> {
  return declareField('TextField', options, textParams(options))
}
