import { type AnyField, describeFields, field, fieldProblems } from '@flexaction/shared/fields'
import { expect, test } from 'vitest'
import { EVERY_TYPE } from './every-type.js'

const PARAMS_OF_BARE_FIELDS: Record<string, unknown> = {
  SelectField: { options: [{ value: 'a', name: 'A' }] },
  ForeignKey: { related_model: { model: 'users' } },
}

test.each(Object.entries(EVERY_TYPE))('%s is described by its name and no more than was declared', (type, { make }) => {
  const params = PARAMS_OF_BARE_FIELDS[type]
  const bare = { name: 'it', field: type, ...(params !== undefined && { params }) }
  expect(describeFields({ it: make() })).toStrictEqual([bare])
  expect(describeFields({ it: make({ required: true }) })).toStrictEqual([bare])
  expect(describeFields({ it: make({ required: false }) })).toStrictEqual([{ ...bare, required: false }])
  expect(fieldProblems(describeFields({ it: make() }))).toStrictEqual([])
})

const options = [{ value: 1, name: 'One', color: 'red' }] as const
const described: [title: string, field: AnyField, description: object][] = [
  ['char', field.char({ maxLength: 5 }), { field: 'CharField', params: { max_length: 5 } }],
  ['text', field.text({ maxLength: 5 }), { field: 'TextField', params: { max_length: 5 } }],
  [
    'translatable',
    field.translatable({ languages: ['en'] }),
    { field: 'TranslatableField', params: { languages: ['en'] } },
  ],
  ['select', field.select({ options }), { field: 'SelectField', params: { options } }],
  ['a dynamic select', field.select({ options: () => [] }), { field: 'SelectField' }],
  ['timestamp', field.timestamp({ unit: 'ms' }), { field: 'TimestampField', params: { unit: 'ms' } }],
  [
    'dateTime',
    field.dateTime({ timeZone: 'Europe/Vienna' }),
    { field: 'DateTimeField', params: { time_zone: 'Europe/Vienna' } },
  ],
  ['integer', field.integer({ min: 0, max: 9 }), { field: 'IntegerField', params: { min: 0, max: 9 } }],
  ['float', field.float({ min: 0.5, max: 9 }), { field: 'FloatField', params: { min: 0.5, max: 9 } }],
  [
    'decimal, its bounds as given',
    field.decimal({ maxDigits: 9, decimalPlaces: 2, min: '0.01', max: 5 }),
    { field: 'DecimalField', params: { max_digits: 9, decimal_places: 2, min: '0.01', max: 5 } },
  ],
  [
    'the options of all types',
    field.boolean({
      required: false,
      default: false,
      verboseName: 'Really?',
      description: 'Think.',
      extra: { icon: 'x', field: 'CharField', name: 'other', default_value: true },
    }),
    {
      field: 'BooleanField',
      required: false,
      verbose_name: 'Really?',
      description: 'Think.',
      default_value: false,
      icon: 'x',
    },
  ],
]

test.each(described)('%s', (_, declared, description) => {
  expect(describeFields({ it: declared })).toStrictEqual([{ name: 'it', ...description }])
})

test('extra keys cannot contradict the declaration', () => {
  const declared = field.char({ extra: { required: false, params: { max_length: 1 }, verbose_name: 'Kept' } })
  expect(describeFields({ it: declared })).toStrictEqual([{ name: 'it', field: 'CharField', verbose_name: 'Kept' }])
})

test("PROTOCOL.md section 3's example, letter by letter", () => {
  expect(JSON.stringify(describeFields({ subject: field.char(), body: field.text({ required: false }) }))).toBe(
    '[{"name":"subject","field":"CharField"},{"name":"body","field":"TextField","required":false}]',
  )
})

test.each([null, undefined, 'CharField', { field: 'CharField' }])(
  '%j instead of a field is described so that it is refused',
  (wrong) => {
    const descriptions = describeFields({ subject: wrong as never })
    expect(descriptions).toStrictEqual([{ name: 'subject' }])
    expect(fieldProblems(descriptions)).toHaveLength(1)
  },
)
