import { compileForm, describeFields, field, type FieldDescription, fieldProblems } from '@flexaction/shared/fields'
import { expect, test } from 'vitest'

const TYPES =
  'BooleanField, CharField, TextField, TranslatableField, SelectField, ForeignKey, DateTimeField, TimestampField, ' +
  'DateField, TimeField, JSONField, SqlField, CodeField, IntegerField, FloatField, DecimalField'

const wrongFields: [description: unknown, ...problems: string[]][] = [
  [null, 'field 1 must be an object with name and field, received nothing'],
  ['CharField', 'field 1 must be an object with name and field, received "CharField"'],
  [
    {},
    'field 1: name must be text that is not empty, received nothing',
    `field 1: field must be one of ${TYPES}, received nothing`,
  ],
  [{ name: ' ', field: 'CharField' }, 'field 1: name must be text that is not empty, received " "'],
  [{ name: 5, field: 'CharField' }, 'field 1: name must be text that is not empty, received 5'],
  [
    { name: 'ids', field: 'CharField' },
    'field "ids": the name "ids" is reserved: the selected records may arrive in the form under it',
  ],
  [
    { name: 'non_field_errors', field: 'CharField' },
    'field "non_field_errors": the name "non_field_errors" is reserved: errors about the form as a whole are shown under it',
  ],
  [{ name: 'a', field: 'StringField' }, `field "a": field must be one of ${TYPES}, received "StringField"`],
  [{ name: 'a', field: 'constructor' }, `field "a": field must be one of ${TYPES}, received "constructor"`],
  [{ name: 'a', field: 'CharField', required: 'no' }, 'field "a": required must be true or false, received "no"'],
  [{ name: 'a', field: 'CharField', params: null }, 'field "a": params must be an object, received nothing'],
  [{ name: 'a', field: 'CharField', params: [] }, 'field "a": params must be an object, received a list'],
  [
    { name: 'a', field: 'CharField', params: { max_length: 0 } },
    'field "a": params.max_length must be a whole number of at least 1, received 0',
  ],
  [
    { name: 'a', field: 'TextField', params: { max_length: '5' } },
    'field "a": params.max_length must be a whole number of at least 1, received "5"',
  ],
  [
    { name: 'a', field: 'TranslatableField', params: { languages: 'en' } },
    'field "a": params.languages must be a list of languages, received "en"',
  ],
  [
    { name: 'a', field: 'TranslatableField', params: { languages: [] } },
    'field "a": params.languages must name at least one language, received a list',
  ],
  [
    { name: 'a', field: 'TranslatableField', params: { languages: ['', 5] } },
    'field "a": params.languages.0 must be a language, received ""',
    'field "a": params.languages.1 must be text, received 5',
  ],
  [
    { name: 'a', field: 'SelectField', params: { options: {} } },
    'field "a": params.options must be a list of options, received an object',
  ],
  [
    { name: 'a', field: 'SelectField', params: { options: [] } },
    'field "a": params.options must have at least one option, received a list',
  ],
  [
    {
      name: 'a',
      field: 'SelectField',
      params: {
        options: [
          { value: '', name: 'A' },
          { value: null, name: 'B' },
          { value: 1, name: 'C' },
          { value: '1', name: 'D' },
          { value: 2 },
          null,
          { value: 3, name: 'E', color: 5 },
        ],
      },
    },
    'field "a": params.options.0.value must be text that is not empty, a number, true or false, received ""',
    'field "a": params.options.1.value must be text that is not empty, a number, true or false, received nothing',
    'field "a": params.options.4.name must be text, received nothing',
    'field "a": params.options.5 must be an object with value and name, received nothing',
    'field "a": params.options.6.color must be text, received 5',
    'field "a": params.options must have each value once, received more than once: "1"',
  ],
  [{ name: 'a', field: 'ForeignKey' }, 'field "a": params.related_model must be { "model": … }, received nothing'],
  [
    { name: 'a', field: 'ForeignKey', params: { related_model: 'users' } },
    'field "a": params.related_model must be { "model": … }, received "users"',
  ],
  [
    { name: 'a', field: 'ForeignKey', params: { related_model: { model: '' } } },
    'field "a": params.related_model.model must be a collection\'s name, received ""',
  ],
  [
    { name: 'a', field: 'TimestampField', params: { unit: 'us' } },
    'field "a": params.unit must be "s" or "ms", received "us"',
  ],
  ...['DateTimeField', 'TimestampField'].flatMap((type): [unknown, string][] => [
    [
      { name: 'a', field: type, params: { time_zone: 'Europe/Atlantis' } },
      'field "a": params.time_zone must be a time zone like Europe/Vienna, received "Europe/Atlantis"',
    ],
    [
      { name: 'a', field: type, params: { time_zone: 1 } },
      'field "a": params.time_zone must be a time zone like Europe/Vienna, received 1',
    ],
  ]),
  [
    { name: 'a', field: 'IntegerField', params: { min: '1', max: Infinity } },
    'field "a": params.min must be a number, received "1"',
    'field "a": params.max must be a number, received Infinity',
  ],
  [
    { name: 'a', field: 'IntegerField', params: { min: 5, max: 1 } },
    'field "a": params.min must be at most max (1), received 5',
  ],
  [
    { name: 'a', field: 'FloatField', params: { min: 0.2, max: 0.1 } },
    'field "a": params.min must be at most max (0.1), received 0.2',
  ],
  [
    { name: 'a', field: 'DecimalField', params: { max_digits: 0, decimal_places: -1, min: 'x', max: true } },
    'field "a": params.max_digits must be a whole number of at least 1, received 0',
    'field "a": params.decimal_places must be a whole number of at least 0, received -1',
    'field "a": params.min must be a decimal number, received "x"',
    'field "a": params.max must be a decimal number, received true',
  ],
  [
    {
      name: 'a',
      field: 'DecimalField',
      params: { max_digits: 1, decimal_places: 2, min: '9007199254740993', max: '9007199254740992.9' },
    },
    'field "a": params.decimal_places must be at most max_digits (1), received 2',
    'field "a": params.min must be at most max (9007199254740992.9), received 9007199254740993',
  ],
  [
    { name: 'a', field: 'DateField', default_value: '2026-02-30' },
    'field "a": default_value must be a date like 2026-01-31, received "2026-02-30"',
  ],
  [
    { name: 'a', field: 'IntegerField', params: { max: 5 }, default_value: 6 },
    'field "a": default_value must be at most 5, received 6',
  ],
  [{ name: 'a', field: 'DateField', default_value: '' }, 'field "a": default_value must not be empty, received ""'],
  [
    { name: 'a', field: 'JSONField', default_value: () => 1 },
    'field "a": default_value must be JSON, received a function',
  ],
]

test.each(wrongFields)('%j', (description, ...problems) => {
  expect(fieldProblems([description as FieldDescription])).toStrictEqual(problems)
})

test('all fields are looked at, and each name is used once', () => {
  const problems = fieldProblems([
    { name: 'a', field: 'CharField' },
    { name: 'a', field: 'TextField' },
    { name: 'b', field: 'ForeignKey' },
    { name: 'A', field: 'CharField' },
  ])
  expect(problems).toStrictEqual([
    'field "a": this name is used by an earlier field too',
    'field "b": params.related_model must be { "model": … }, received nothing',
  ])
})

test.each([
  [null, 'nothing'],
  [{}, 'an object'],
  ['x', '"x"'],
])('%j is no list of fields', (descriptions, received) => {
  expect(fieldProblems(descriptions as never)).toStrictEqual([
    `the form must be a list of fields, received ${received}`,
  ])
})

test('what is right has no problems, with params and keys that only the client knows', () => {
  const descriptions: FieldDescription[] = [
    {
      name: 'a',
      field: 'CharField',
      params: { max_length: 5, widget: 'wide' },
      verbose_name: 'A',
      default_value: null,
    },
    { name: 'b', field: 'SelectField' },
    { name: 'c', field: 'ForeignKey', params: { related_model: { model: 'app;model', extra: 1 } } },
    { name: 'd', field: 'IntegerField', params: { min: 5, max: 5 }, default_value: '5' },
    { name: 'e', field: 'CharField', default_value: '' },
    { name: 'f', field: 'DecimalField', params: { min: 1, max: '1.0', max_digits: 2, decimal_places: 2 } },
    ...describeFields({ g: field.json({ default: '{}' }) }),
  ]
  expect(fieldProblems(descriptions)).toStrictEqual([])
})

test('a form with problems is not compiled, and all of them are named', () => {
  const wrong: FieldDescription[] = [
    { name: 'ids', field: 'CharField' },
    { name: 'b', field: 'ForeignKey' },
  ]
  expect(() => compileForm(wrong)).toThrow(
    new TypeError(
      'this form cannot be read: field "ids": the name "ids" is reserved: the selected records may arrive in the form under it; ' +
        'field "b": params.related_model must be { "model": … }, received nothing',
    ),
  )
})
