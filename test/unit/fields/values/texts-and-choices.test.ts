import { field } from '@flexaction/shared/fields'
import { checkValues } from './check-values.js'

const MAX = Number.MAX_SAFE_INTEGER
const KEY_RULE = 'must be an id: text, or a whole number up to 2^53-1'
const TRANSLATION_RULE = 'must be text, or an object of language and text'

checkValues([
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
])
