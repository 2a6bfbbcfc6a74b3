import { isRecordId, mistakenId, recordKey } from '@flexaction/shared/definitions'
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
  [' null', 'a program wrote it in place of an id'],
  ['null ', 'a program wrote it in place of an id'],
  [' \t', 'it is blank'],
  ['\u200b', 'it is blank'],
  ['\u0000', 'it is blank'],
  ['\ud800', 'it holds half of a character (a surrogate without the other one)'],
  ['5\udc00', 'it holds half of a character (a surrogate without the other one)'],
])('says why a text is none: %j', (text, why) => {
  expect([isRecordId(text), mistakenId(text)]).toEqual([false, why])
})

it.each([
  '550e8400-e29b-41d4-a716-446655440000',
  '550E8400-E29B-41D4-A716-446655440000',
  '550e8400-E29B-41d4-A716-446655440000',
  '{550E8400-E29B-41D4-A716-446655440000}',
  '550e8400e29b41d4a716446655440000',
  'urn:uuid:550e8400-e29b-41d4-a716-446655440000',
  'URN:UUID:550E8400-E29B-41D4-A716-446655440000',
])('knows a UUID again however it is spelled: %s', (id) =>
  expect(recordKey(id)).toBe('550e8400-e29b-41d4-a716-446655440000'),
)

it.each([
  5,
  '05',
  'ABC',
  ' 550e8400-e29b-41d4-a716-446655440000',
  '550E8400-E29B-41D4-A716-44665544000',
  '550E8400-E29B-41D4-A716-44665544000X',
  'ABCDEFGH-ABCD-ABCD-ABCD-ABCDEFABCDEF',
])('compares others by their text: %s', (id) => expect(recordKey(id)).toBe(String(id)))
