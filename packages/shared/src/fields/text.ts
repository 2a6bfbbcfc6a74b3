import { declareField, type Field, type Present } from './field.js'
import type { TextOptions } from './text-value.js'

export { textField } from './text-value.js'

/**
 * Text of many lines (TextField, PROTOCOL.md section 3). The handler gets a string. Takes text, and numbers, which
 * become text. `''` is a value, also when required. Refuses more than `maxLength` characters.
 */
export function text<Required extends boolean = true, Default extends string = never>(
  options: TextOptions<Required, Default> = {},
): Field<string, Present<Required, Default>> {
  return declareField('TextField', options, { max_length: options.maxLength })
}
