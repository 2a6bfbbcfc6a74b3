import { isRecordId, mistakenId } from '@flexaction/shared/definitions'
import { expect, it } from 'vitest'

it.each([
  5,
  -5,
  0,
  Number.MAX_SAFE_INTEGER,
  '5',
  '007',
  'a b',
  ' 5',
  'Null',
  'nullable',
  'undefined-1',
  '{550e8400-e29b-41d4-a716-446655440000}',
  'x[1]',
  '9007199254740993',
])('takes an id as it is: %j', (id) => expect(isRecordId(id)).toBe(true))

it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, null, undefined, true, {}, [], 5n, ''])(
  'takes nothing else: %s',
  (id) => expect(isRecordId(id)).toBe(false),
)

it.each([
  ['undefined', 'a program wrote it in place of an id'],
  ['null', 'a program wrote it in place of an id'],
  ['NaN', 'a program wrote it in place of an id'],
  ['[object Object]', 'a program wrote it in place of an id'],
  ['[1', 'it is JSON as a text; send a list as a list'],
  ['[1,2]', 'it is JSON as a text; send a list as a list'],
  [' ["a"]', 'it is JSON as a text; send a list as a list'],
  ['{"id":5}', 'it is JSON as a text; send a list as a list'],
  ['{}', 'it is JSON as a text; send a list as a list'],
  [' \t', 'it is blank'],
])('says why a text is none: %j', (text, why) => {
  expect([isRecordId(text), mistakenId(text)]).toEqual([false, why])
})
