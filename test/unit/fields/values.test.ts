import { type AnyField, compileForm, describeFields, field } from '@flexaction/shared/fields'
import { describe, expect, test } from 'vitest'

const MAX = Number.MAX_SAFE_INTEGER
const MOMENT_RULE = 'must be a date and time like 2026-01-31T09:30:00Z'
const SECONDS_RULE = 'must be seconds since 1970, or a date and time like 2026-01-31T09:30:00Z'
const DECIMAL_RULE = 'must be a decimal number of at most 400 digits'
const KEY_RULE = 'must be an id: text, or a whole number up to 2^53-1'
const COMMA = ', with a point for the decimals and no comma (1.50, not 1,50)'
const TRANSLATION_RULE = 'must be text, or an object of language and text'

interface Case {
  title: string
  field: AnyField
  /** What arrives, and what the handler gets. */
  accepts: [raw: unknown, value: unknown][]
  /** What arrives, and all that is said about it. */
  refuses: [raw: unknown, ...messages: string[]][]
}

const cases: Case[] = [
  {
    title: 'BooleanField',
    field: field.boolean(),
    accepts: [
      [true, true],
      [false, false],
      [1, true],
      [0, false],
      ['true', true],
      ['false', false],
      ['1', true],
      ['0', false],
      [' True ', true],
    ],
    refuses: [
      ['yes', 'must be true or false, received "yes"'],
      [2, 'must be true or false, received 2'],
      [[], 'must be true or false, received a list'],
    ],
  },
  {
    title: 'CharField',
    field: field.char(),
    accepts: [
      ['Hello', 'Hello'],
      [9007199254740991, '9007199254740991'],
      ['  kept  ', '  kept  '],
      [12.5, '12.5'],
      [0, '0'],
    ],
    refuses: [
      [true, 'must be text, received true'],
      [{}, 'must be text, received an object'],
      [[], 'must be text, received a list'],
    ],
  },
  {
    title: 'CharField with maxLength 3',
    field: field.char({ maxLength: 3 }),
    accepts: [
      ['abc', 'abc'],
      [123, '123'],
      ['😀😀😀', '😀😀😀'],
    ],
    refuses: [
      ['abcd', 'must have at most 3 characters, received "abcd"'],
      ['😀😀😀😀', 'must have at most 3 characters, received "😀😀😀😀"'],
      ['x'.repeat(99), `must have at most 3 characters, received "${'x'.repeat(40)}…"`],
    ],
  },
  {
    title: 'CharField with minLength 3',
    field: field.char({ minLength: 3, required: false }),
    accepts: [
      ['abc', 'abc'],
      [123, '123'],
      ['😀😀😀', '😀😀😀'],
      // Nothing was typed.
      ['', ''],
    ],
    refuses: [
      ['ab', 'must have at least 3 characters, received "ab"'],
      ['😀😀', 'must have at least 3 characters, received "😀😀"'],
      [12, 'must have at least 3 characters, received "12"'],
    ],
  },
  {
    title: 'TextField',
    field: field.text({ maxLength: 4 }),
    accepts: [
      ['a\nb', 'a\nb'],
      [1234, '1234'],
    ],
    refuses: [
      [12345, 'must have at most 4 characters, received "12345"'],
      [false, 'must be text, received false'],
    ],
  },
  {
    title: 'TranslatableField',
    field: field.translatable(),
    accepts: [
      ['Hello', 'Hello'],
      [
        { en: 'Hello', de: '' },
        { en: 'Hello', de: '' },
      ],
    ],
    refuses: [
      [5, `${TRANSLATION_RULE}, received 5`],
      [['en'], `${TRANSLATION_RULE}, received a list`],
      [{ en: 5 }, 'must have a text per language, received 5'],
    ],
  },
  {
    title: 'TranslatableField with languages',
    field: field.translatable({ languages: ['en', 'de'] }),
    accepts: [
      ['Hello', 'Hello'],
      [{ de: 'Hallo' }, { de: 'Hallo' }],
    ],
    refuses: [
      [
        { fr: null },
        'must have only the languages en, de, received "fr"',
        'must have a text per language, received nothing',
      ],
    ],
  },
  {
    title: 'SelectField',
    field: field.select({
      options: [
        { value: 5, name: 'Five' },
        { value: 'five', name: 'five', color: 'red' },
        { value: false, name: 'No' },
      ],
    }),
    accepts: [
      [5, 5],
      ['5', 5],
      ['five', 'five'],
      [false, false],
      ['false', false],
    ],
    refuses: [
      ['six', 'must be one of 5, "five", false, received "six"'],
      ['constructor', 'must be one of 5, "five", false, received "constructor"'],
      [[5], 'must be one of 5, "five", false, received a list'],
    ],
  },
  {
    title: 'SelectField with many options',
    field: field.select({ options: Array.from({ length: 12 }, (_, value) => ({ value, name: `No. ${value}` })) }),
    accepts: [[11, 11]],
    refuses: [[12, 'must be one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more, received 12']],
  },
  {
    title: 'SelectField with dynamic options',
    field: field.select({ options: () => [] }),
    accepts: [
      ['any', 'any'],
      [7, 7],
      [true, true],
    ],
    refuses: [[{}, 'must be text, a number, true or false, received an object']],
  },
  {
    title: 'ForeignKey',
    field: field.foreignKey({ model: 'users' }),
    accepts: [
      [5, 5],
      ['5', '5'],
      [-1, -1],
      ['a-uuid', 'a-uuid'],
    ],
    refuses: [
      [1.5, `${KEY_RULE}, received 1.5`],
      [MAX + 1, `${KEY_RULE}, received 9007199254740992`],
      [true, `${KEY_RULE}, received true`],
      [[5], `${KEY_RULE}, received a list`],
    ],
  },
  {
    title: 'DateTimeField',
    field: field.dateTime(),
    accepts: [
      ['2026-01-31T09:30:00Z', new Date('2026-01-31T09:30:00.000Z')],
      ['2026-01-31T09:30:00+02:00', new Date('2026-01-31T07:30:00.000Z')],
      ['2026-01-31T09:30:00-0530', new Date('2026-01-31T15:00:00.000Z')],
      ['2026-01-31T09:30:00+02', new Date('2026-01-31T07:30:00.000Z')],
      ['2026-01-31T09:30:00', new Date('2026-01-31T09:30:00.000Z')],
      ['2026-01-31T09:30', new Date('2026-01-31T09:30:00.000Z')],
      ['2026-01-31 09:30:00 +02:00', new Date('2026-01-31T07:30:00.000Z')],
      ['2026-01-31', new Date('2026-01-31T00:00:00.000Z')],
      [' 2026-01-31t09:30:00.5z ', new Date('2026-01-31T09:30:00.500Z')],
      ['2026-01-31T09:30:00.123456Z', new Date('2026-01-31T09:30:00.123Z')],
      ['2024-02-29', new Date('2024-02-29T00:00:00.000Z')],
      ['2000-02-29', new Date('2000-02-29T00:00:00.000Z')],
      ['0050-06-01', new Date('0050-06-01T00:00:00.000Z')],
    ],
    refuses: [
      ['2026-02-30', `${MOMENT_RULE}, received "2026-02-30"`],
      ['2025-02-29', `${MOMENT_RULE}, received "2025-02-29"`],
      ['1900-02-29', `${MOMENT_RULE}, received "1900-02-29"`],
      ['2026-04-31', `${MOMENT_RULE}, received "2026-04-31"`],
      ['2026-13-01', `${MOMENT_RULE}, received "2026-13-01"`],
      ['2026-00-01', `${MOMENT_RULE}, received "2026-00-01"`],
      ['2026-01-00', `${MOMENT_RULE}, received "2026-01-00"`],
      ['0000-01-01', `${MOMENT_RULE}, received "0000-01-01"`],
      ['2026-01-31T24:00', `${MOMENT_RULE}, received "2026-01-31T24:00"`],
      ['2026-01-31T09:60', `${MOMENT_RULE}, received "2026-01-31T09:60"`],
      ['2026-01-31T09:30:60', `${MOMENT_RULE}, received "2026-01-31T09:30:60"`],
      ['2026-01-31T09:30+24:00', `${MOMENT_RULE}, received "2026-01-31T09:30+24:00"`],
      ['2026-01-31T09:30+02:60', `${MOMENT_RULE}, received "2026-01-31T09:30+02:60"`],
      ['2026-01-31T', `${MOMENT_RULE}, received "2026-01-31T"`],
      ['2026-01-31 or so', `${MOMENT_RULE}, received "2026-01-31 or so"`],
      ['31.01.2026', `${MOMENT_RULE}, received "31.01.2026"`],
      [1_700_000_000, `${MOMENT_RULE}, received 1700000000`],
    ],
  },
  {
    title: 'DateTimeField by the clock of Vienna',
    field: field.dateTime({ timeZone: 'Europe/Vienna' }),
    accepts: [
      ['2026-01-31T09:30', new Date('2026-01-31T08:30:00.000Z')],
      ['2026-07-31T09:30', new Date('2026-07-31T07:30:00.000Z')],
      ['2026-07-31', new Date('2026-07-30T22:00:00.000Z')],
      // An offset wins.
      ['2026-07-31T09:30Z', new Date('2026-07-31T09:30:00.000Z')],
      // Skipped: put forward from 2:00 to 3:00.
      ['2026-03-29T01:59:59.999', new Date('2026-03-29T00:59:59.999Z')],
      ['2026-03-29T02:30', new Date('2026-03-29T01:30:00.000Z')],
      ['2026-03-29T03:00', new Date('2026-03-29T01:00:00.000Z')],
      // Shown twice: put back from 3:00 to 2:00.
      ['2026-10-25T02:30', new Date('2026-10-25T00:30:00.000Z')],
      ['2026-10-25T03:00', new Date('2026-10-25T02:00:00.000Z')],
    ],
    refuses: [['2026-02-30', `${MOMENT_RULE}, received "2026-02-30"`]],
  },
  {
    title: 'TimestampField by the clock of Kathmandu',
    field: field.timestamp({ timeZone: 'Asia/Kathmandu' }),
    accepts: [
      ['2026-01-31T09:30', new Date('2026-01-31T03:45:00.000Z')],
      [1_700_000_000, new Date('2023-11-14T22:13:20.000Z')],
    ],
    refuses: [['now', `${SECONDS_RULE}, received "now"`]],
  },
  {
    title: 'TimestampField in seconds',
    field: field.timestamp(),
    accepts: [
      [0, new Date('1970-01-01T00:00:00.000Z')],
      [1_700_000_000, new Date('2023-11-14T22:13:20.000Z')],
      [1_700_000_000.25, new Date('2023-11-14T22:13:20.250Z')],
      ['1700000000', new Date('2023-11-14T22:13:20.000Z')],
      [' 1700000000.25 ', new Date('2023-11-14T22:13:20.250Z')],
      [1_700_000_000_000, new Date('2023-11-14T22:13:20.000Z')],
      ['1700000000000', new Date('2023-11-14T22:13:20.000Z')],
      [99_999_999_999, new Date('5138-11-16T09:46:39.000Z')],
      [100_000_000_000, new Date('1973-03-03T09:46:40.000Z')],
      [1.005, new Date('1970-01-01T00:00:01.005Z')],
      [-1, new Date('1969-12-31T23:59:59.000Z')],
      ['2023-11-14T23:13:20+01:00', new Date('2023-11-14T22:13:20.000Z')],
    ],
    refuses: [
      ['now', `${SECONDS_RULE}, received "now"`],
      ['2026-02-30', `${SECONDS_RULE}, received "2026-02-30"`],
      [8.64e15 + 2, `${SECONDS_RULE}, received 8640000000000002`],
      [true, `${SECONDS_RULE}, received true`],
      [{}, `${SECONDS_RULE}, received an object`],
    ],
  },
  {
    title: 'TimestampField in milliseconds',
    field: field.timestamp({ unit: 'ms' }),
    accepts: [
      [1_700_000_000, new Date('1970-01-20T16:13:20.000Z')],
      ['1700000000000', new Date('2023-11-14T22:13:20.000Z')],
      ['2023-11-14', new Date('2023-11-14T00:00:00.000Z')],
    ],
    refuses: [['x', 'must be milliseconds since 1970, or a date and time like 2026-01-31T09:30:00Z, received "x"']],
  },
  {
    title: 'DateField',
    field: field.date(),
    accepts: [
      ['2026-01-31', '2026-01-31'],
      ['2026-01-31T23:30:00-05:00', '2026-02-01'],
      ['2026-01-31 23:30', '2026-01-31'],
    ],
    refuses: [
      ['2026-02-30', 'must be a date like 2026-01-31, received "2026-02-30"'],
      ['2026-01-31T99:00', 'must be a date like 2026-01-31, received "2026-01-31T99:00"'],
      ['2026-1-31', 'must be a date like 2026-01-31, received "2026-1-31"'],
      [20260131, 'must be a date like 2026-01-31, received 20260131'],
    ],
  },
  {
    title: 'TimeField',
    field: field.time(),
    accepts: [
      ['09:30', '09:30:00'],
      ['09:30:15', '09:30:15'],
      ['23:59:59.999', '23:59:59'],
      [' 00:00 ', '00:00:00'],
    ],
    refuses: [
      ['24:00', 'must be a time like 09:30 or 09:30:00, received "24:00"'],
      ['9:30', 'must be a time like 09:30 or 09:30:00, received "9:30"'],
      ['09:60', 'must be a time like 09:30 or 09:30:00, received "09:60"'],
      ['09:30:60', 'must be a time like 09:30 or 09:30:00, received "09:30:60"'],
      [930, 'must be a time like 09:30 or 09:30:00, received 930'],
    ],
  },
  {
    title: 'JSONField',
    field: field.json(),
    accepts: [
      ['{}', {}],
      ['{"a":[1,null]}', { a: [1, null] }],
      ['"text"', 'text'],
      ['null', null],
      ['5', 5],
      [{ a: 1 }, { a: 1 }],
      [
        [1, 'two'],
        [1, 'two'],
      ],
      [5, 5],
      [false, false],
    ],
    refuses: [
      ['hello', 'must be JSON, received "hello"'],
      [
        '{"id":9007199254740993}',
        'must hold numbers of which JSON can carry all digits, or send them as text, received 9007199254740993',
      ],
      ['{', 'must be JSON, received "{"'],
      [' ', 'must be JSON, received " "'],
    ],
  },
  {
    title: 'SqlField',
    field: field.sql(),
    accepts: [['select 1', 'select 1']],
    refuses: [[1, 'must be text, received 1']],
  },
  {
    title: 'CodeField',
    field: field.code(),
    accepts: [['x = 1\n', 'x = 1\n']],
    refuses: [[{}, 'must be text, received an object']],
  },
  {
    title: 'IntegerField',
    field: field.integer(),
    accepts: [
      [5, 5],
      ['5', 5],
      [' 5 ', 5],
      ['-007', -7],
      ['+5', 5],
      [-0, 0],
      ['-0', 0],
      [MAX, MAX],
      [String(-MAX), -MAX],
    ],
    refuses: [
      ['12.5', 'must be a whole number, received "12.5"'],
      ['5.0', 'must be a whole number, received "5.0"'],
      ['1e3', 'must be a whole number, received "1e3"'],
      ['   ', 'must be a whole number, received "   "'],
      [12.5, 'must be a whole number, received 12.5'],
      [true, 'must be a whole number, received true'],
      [Infinity, 'must be a whole number, received Infinity'],
      [MAX + 1, 'must be between -9007199254740991 and 9007199254740991, received 9007199254740992'],
      ['-9007199254740993', 'must be between -9007199254740991 and 9007199254740991, received "-9007199254740993"'],
      ['1,000', `must be a whole number${COMMA}, received "1,000"`],
      ['soon, perhaps', 'must be a whole number, received "soon, perhaps"'],
    ],
  },
  {
    title: 'IntegerField with bounds',
    field: field.integer({ min: 1, max: 10 }),
    accepts: [
      [1, 1],
      ['10', 10],
    ],
    refuses: [
      [0, 'must be at least 1, received 0'],
      ['11', 'must be at most 10, received 11'],
    ],
  },
  {
    title: 'FloatField',
    field: field.float(),
    accepts: [
      [12.5, 12.5],
      ['12.5', 12.5],
      [' -.5 ', -0.5],
      ['0.30000000000000004', 0.1 + 0.2],
      ['1.50', 1.5],
      ['+.10', 0.1],
      ['5.', 5],
      ['1e3', 1000],
      ['-0', 0],
    ],
    refuses: [
      ['12,5', `must be a number${COMMA}, received "12,5"`],
      ['9007199254740993', 'must be a number without more digits than a float can hold, received "9007199254740993"'],
      [
        '0.1234567890123456789',
        'must be a number without more digits than a float can hold, received "0.1234567890123456789"',
      ],
      ['1e-400', 'must be a number without more digits than a float can hold, received "1e-400"'],
      ['0x10', 'must be a number, received "0x10"'],
      ['Infinity', 'must be a number, received "Infinity"'],
      ['1e999', 'must be a number, received "1e999"'],
      [Number.NaN, 'must be a number, received NaN'],
      [[1], 'must be a number, received a list'],
    ],
  },
  {
    title: 'FloatField with bounds',
    field: field.float({ min: 0.5, max: 1.5 }),
    accepts: [
      [0.5, 0.5],
      ['1.5', 1.5],
    ],
    refuses: [
      ['0.4', 'must be at least 0.5, received 0.4'],
      [1.6, 'must be at most 1.5, received 1.6'],
    ],
  },
  {
    title: 'DecimalField',
    field: field.decimal(),
    accepts: [
      ['10.50', '10.50'],
      ['123456789012345678901234567890.12', '123456789012345678901234567890.12'],
      ['+007.10', '7.10'],
      ['.5', '0.5'],
      ['5.', '5'],
      ['00', '0'],
      ['-0', '0'],
      ['-0.00', '0.00'],
      ['-00.10', '-0.10'],
      [' 12 ', '12'],
      [12.5, '12.5'],
      [1e21, '1000000000000000000000'],
      [1e-7, '0.0000001'],
      ['1e3', '1000'],
      ['-1.50E-3', '-0.00150'],
      ['12.345e1', '123.45'],
      ['12.3e5', '1230000'],
      ['0e9', '0'],
      [Number.MAX_VALUE, `17976931348623157${'0'.repeat(292)}`],
      [Number.MIN_VALUE, `0.${'0'.repeat(323)}5`],
      ['9'.repeat(400), '9'.repeat(400)],
    ],
    refuses: [
      ['twelve', `${DECIMAL_RULE}, received "twelve"`],
      ['.', `${DECIMAL_RULE}, received "."`],
      ['1,50', `${DECIMAL_RULE}${COMMA}, received "1,50"`],
      ['1.234,50', `${DECIMAL_RULE}${COMMA}, received "1.234,50"`],
      [' -1,234.50 ', `${DECIMAL_RULE}${COMMA}, received " -1,234.50 "`],
      ['e5', `${DECIMAL_RULE}, received "e5"`],
      ['NaN', `${DECIMAL_RULE}, received "NaN"`],
      ['1e999999999', `${DECIMAL_RULE}, received "1e999999999"`],
      ['1e-999999999', `${DECIMAL_RULE}, received "1e-999999999"`],
      [`1e${'9'.repeat(400)}`, `${DECIMAL_RULE}, received "1e${'9'.repeat(38)}…"`],
      ['9'.repeat(401), `${DECIMAL_RULE}, received "${'9'.repeat(40)}…"`],
      [Infinity, 'must be a decimal number, received Infinity'],
      [true, 'must be a decimal number, received true'],
    ],
  },
  {
    title: 'DecimalField with maxDigits 5 and decimalPlaces 2',
    field: field.decimal({ maxDigits: 5, decimalPlaces: 2 }),
    accepts: [
      ['999.99', '999.99'],
      ['10.5000', '10.50'],
      ['10.000', '10.00'],
      ['-0.000', '0.00'],
      [7, '7'],
    ],
    refuses: [
      ['1.234', 'must have at most 2 decimal places, received "1.234"'],
      ['1234', 'must have at most 3 digits before the point, received "1234"'],
      [
        '1234.567',
        'must have at most 5 digits, received "1234.567"',
        'must have at most 2 decimal places, received "1234.567"',
      ],
      [
        0.1 + 0.2,
        'must have at most 5 digits, received 0.30000000000000004',
        'must have at most 2 decimal places, received 0.30000000000000004',
      ],
    ],
  },
  {
    title: 'DecimalField with bounds, compared exactly',
    field: field.decimal({ min: '-0.1', max: '9007199254740993.1' }),
    accepts: [
      ['9007199254740993.1', '9007199254740993.1'],
      ['-0.10', '-0.10'],
      ['9007199254740993.0999', '9007199254740993.0999'],
    ],
    refuses: [
      ['9007199254740993.11', 'must be at most 9007199254740993.1, received "9007199254740993.11"'],
      ['-0.1000000000000000000001', 'must be at least -0.1, received "-0.1000000000000000000001"'],
    ],
  },
]

describe.each(cases)('$title', ({ field: declared, accepts, refuses }) => {
  const read = compileForm(describeFields({ value: declared }))

  test.each(accepts)('reads %j', (raw, value) => {
    expect(read({ value: raw })).toStrictEqual({ ok: true, values: { value } })
  })

  test.each(refuses)('refuses %j', (raw, ...messages) => {
    expect(read({ value: raw })).toStrictEqual({ ok: false, errors: { value: messages } })
  })
})
