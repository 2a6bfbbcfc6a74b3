import { declareField, type Field, type Present } from './field.js'
import { type TextOptions, textParams } from './text-value.js'

export { textField as charField } from './text-value.js'

/**
 * A line of text (CharField, PROTOCOL.md section 3). The handler gets a string. Takes text, and numbers, which become
 * text. Refuses more than `maxLength` characters and fewer than `minLength`; when required, also `''` and blanks, unless `blank`
 * allows them.
 */
export function char<Required extends boolean = true, Default extends string = never>(
  options: TextOptions<Required, Default> = {},
): Field<string, Present<Required, Default>> {
  return declareField('CharField', options, textParams(options))
}
