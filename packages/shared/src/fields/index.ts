import { boolean } from './boolean.js'
import { char } from './char.js'
import { code } from './code.js'
import { date } from './date.js'
import { dateTime } from './date-time.js'
import { decimal } from './decimal.js'
import { float } from './float.js'
import { foreignKey } from './foreign-key.js'
import { integer } from './integer.js'
import { json } from './json.js'
import { select } from './select.js'
import { sql } from './sql.js'
import { text } from './text.js'
import { time } from './time.js'
import { timestamp } from './timestamp.js'
import { translatable } from './translatable.js'

/** The builders of form fields, one per type of the protocol: `params: { subject: field.char() }`. */
export const field = {
  boolean,
  char,
  text,
  translatable,
  select,
  foreignKey,
  dateTime,
  timestamp,
  date,
  time,
  json,
  sql,
  code,
  integer,
  float,
  decimal,
}

export { compileForm, type CompiledForm, type FormResult } from './compile-form.js'
export {
  type AnyField,
  describeFields,
  type Field,
  type FieldDescription,
  type FieldMap,
  type OfferedOption,
  type OptionsProvider,
  type OptionsRequest,
  type ParamsOf,
  secretFieldsOf,
} from './field.js'
export { fieldProblems } from './field-problems.js'
export type { FieldTypeName } from './field-type.js'
export { withoutReceived } from './wording.js'
