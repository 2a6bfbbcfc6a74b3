import { checkPage } from '@flexaction/worker/listing/check-page'
import { expect, it } from 'vitest'

const page = (...ids: unknown[]): unknown => ({ records: ids.map((id) => ({ id, label: 'x' })) })

it('takes whole numbers and texts as they are, and BigInts as texts', () => {
  expect(checkPage('users', page(5, '007', -1, 9007199254740993n), undefined)).toStrictEqual({
    records: [5, '007', -1, '9007199254740993'].map((id) => ({ id, label: 'x' })),
    next: undefined,
  })
})

it('shows a record without a label by its id, and takes null for the end', () => {
  expect(checkPage('users', { records: [{ id: 5 }, { id: 'a', label: null }], next: null }, 'x')).toStrictEqual({
    records: [
      { id: 5, label: '5' },
      { id: 'a', label: 'a' },
    ],
  })
})

const RULE =
  "collection 'users': list() must return records with ids that are whole numbers up to 2^53-1, BigInts, or texts that are not empty"
const BEYOND = ': beyond 2^53 a number names several records, so that ids of that size must be read as texts or BigInts'

it.each<[unknown, string]>([
  [Number('9007199254740993'), `received 9007199254740992 as the id of record 2 of a page${BEYOND}`],
  [Number.NaN, 'received NaN as the id of record 2 of a page'],
  [1.5, 'received 1.5 as the id of record 2 of a page'],
  [Number.POSITIVE_INFINITY, 'received Infinity as the id of record 2 of a page'],
  ['', "received '' as the id of record 2 of a page: it is blank"],
  [
    '[object Object]',
    "received '[object Object]' as the id of record 2 of a page: a program wrote it in place of an id",
  ],
  [undefined, 'received undefined as the id of record 2 of a page'],
  [null, 'received null as the id of record 2 of a page'],
  [{}, 'received {} as the id of record 2 of a page'],
])('refuses a page with the id %s', (id, message) => {
  expect(() => checkPage('users', page(1, id), undefined)).toThrow(new Error(`${RULE}; ${message}`))
})

it.each<[unknown[], string]>([
  [[1, 2, 1], 'received 1 as the id of record 3 of a page'],
  [[5, '5'], "received '5' as the id of record 2 of a page"],
  [['5', 5n], 'received 5n as the id of record 2 of a page'],
  [
    ['550e8400-e29b-41d4-a716-446655440000', '550E8400-E29B-41D4-A716-446655440000'],
    "received '550E8400-E29B-41D4-A716-446655440000' as the id of record 2 of a page",
  ],
])('refuses a page that has a record twice: %o', (ids, where) => {
  const message = `collection 'users': list() must return each record once; ${where}, which an earlier record of it has`
  expect(() => checkPage('users', page(...ids), undefined)).toThrow(new Error(message))
})

it.each<[unknown, string]>([
  [undefined, '{ records: [{ id, label }], next? }'],
  [{ records: 5 }, '{ records: [{ id, label }], next? }'],
  [
    { records: [null] },
    `records with ids that are whole numbers up to 2^53-1, BigInts, or texts that are not empty; received undefined as the id of record 1 of a page`,
  ],
  [
    { records: [{ id: 1, label: 5 }] },
    'records with labels that are texts; received 5 as the label of record 1 of a page',
  ],
  [{ records: [], next: 5 }, 'next as a text that is not empty, and none on the last page; received 5'],
  [{ records: [], next: '' }, "next as a text that is not empty, and none on the last page; received ''"],
  [{ records: [], next: 'a' }, "another next than its cursor, received 'a' twice"],
])('refuses what is no page, or has no end: %o', (given, what) => {
  expect(() => checkPage('users', given, 'a')).toThrow(new Error(`collection 'users': list() must return ${what}`))
})
