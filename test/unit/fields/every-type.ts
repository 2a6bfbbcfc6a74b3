import { type AnyField, field, type FieldTypeName } from '@flexaction/shared/fields'

interface Options {
  required?: boolean
  secret?: boolean
}

/** One field of each type, and whether `''` counts as absent there. */
export const EVERY_TYPE: Record<FieldTypeName, { make: (options?: Options) => AnyField; emptyIsAbsent: boolean }> = {
  BooleanField: { make: field.boolean, emptyIsAbsent: true },
  CharField: { make: field.char, emptyIsAbsent: false },
  TextField: { make: field.text, emptyIsAbsent: false },
  TranslatableField: { make: field.translatable, emptyIsAbsent: false },
  SelectField: {
    make: (options) => field.select({ options: [{ value: 'a', name: 'A' }], ...options }),
    emptyIsAbsent: true,
  },
  ForeignKey: { make: (options) => field.foreignKey({ model: 'users', ...options }), emptyIsAbsent: true },
  DateTimeField: { make: field.dateTime, emptyIsAbsent: true },
  TimestampField: { make: field.timestamp, emptyIsAbsent: true },
  DateField: { make: field.date, emptyIsAbsent: true },
  TimeField: { make: field.time, emptyIsAbsent: true },
  JSONField: { make: field.json, emptyIsAbsent: true },
  SqlField: { make: field.sql, emptyIsAbsent: false },
  CodeField: { make: field.code, emptyIsAbsent: false },
  IntegerField: { make: field.integer, emptyIsAbsent: true },
  FloatField: { make: field.float, emptyIsAbsent: true },
  DecimalField: { make: field.decimal, emptyIsAbsent: true },
}
