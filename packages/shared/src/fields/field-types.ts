import { booleanField } from './boolean.js'
import { charField } from './char.js'
import { codeField } from './code.js'
import { dateField } from './date.js'
import { dateTimeField } from './date-time.js'
import { decimalField } from './decimal.js'
import type { FieldType, FieldTypeName } from './field-type.js'
import { floatField } from './float.js'
import { foreignKeyField } from './foreign-key.js'
import { integerField } from './integer.js'
import { jsonField } from './json.js'
import { selectField } from './select.js'
import { sqlField } from './sql.js'
import { textField } from './text.js'
import { timeField } from './time.js'
import { timestampField } from './timestamp.js'
import { translatableField } from './translatable.js'

/** All field types by their protocol names. */
export const FIELD_TYPES: Readonly<Record<FieldTypeName, FieldType>> = {
  BooleanField: booleanField,
  CharField: charField,
  TextField: textField,
  TranslatableField: translatableField,
  SelectField: selectField,
  ForeignKey: foreignKeyField,
  DateTimeField: dateTimeField,
  TimestampField: timestampField,
  DateField: dateField,
  TimeField: timeField,
  JSONField: jsonField,
  SqlField: sqlField,
  CodeField: codeField,
  IntegerField: integerField,
  FloatField: floatField,
  DecimalField: decimalField,
}

export function isFieldTypeName(name: unknown): name is FieldTypeName {
  return typeof name === 'string' && Object.hasOwn(FIELD_TYPES, name)
}
