import { InexactNumber, isExactNumber, refuseInexactNumbers } from '@flexaction/shared/json'
import fc from 'fast-check'
import { expect, it, test } from 'vitest'

/** What is said about a text: the number and its place; `undefined` when all its numbers are exact. */
function inexactIn(text: string): unknown[] | undefined {
  JSON.parse(text)
  try {
    refuseInexactNumbers(text)
    return undefined
  } catch (error) {
    if (error instanceof InexactNumber) return [error.literal, ...error.path]
    throw error
  }
}

it.each([
  '0',
  '-0',
  '5',
  '-5',
  '1.50',
  '0.1',
  '1e3',
  '1E+3',
  '-1.50e-3',
  '123456789012345',
  '9007199254740991',
  '9007199254740992',
  '100000000000000000000',
  '0.30000000000000004',
  '1.7976931348623157e308',
  '5e-324',
  '0e999',
  '1.000000000000000000000',
  '"9007199254740993"',
  '"\\"9007199254740993"',
  '{"9007199254740993":1}',
  '["\\\\",1]',
  'true',
  'null',
])('leaves exact numbers, and texts, alone: %s', (text) => {
  expect(inexactIn(text)).toBeUndefined()
})

it.each<[string, ...unknown[]]>([
  ['9007199254740993', '9007199254740993'],
  ['-9007199254740993', '-9007199254740993'],
  ['12345678901234567890', '12345678901234567890'],
  ['0.1234567890123456789', '0.1234567890123456789'],
  ['0.10000000000000001', '0.10000000000000001'],
  ['1e400', '1e400'],
  ['1e-400', '1e-400'],
  ['[1,[2,9007199254740993]]', '9007199254740993', 1, 1],
  ['{"a":{"b":"}","c":[{},9007199254740993]}}', '9007199254740993', 'a', 'c', 1],
  ['{"x":[1,{"y":2}],"a\\"\\\\":{"b":[{"c":1,"d" : 9007199254740993}]}}', '9007199254740993', 'a"\\', 'b', 0, 'd'],
  [`[${'1'.repeat(70)}]`, `${'1'.repeat(60)}…`, 0],
])('finds the first that is another number once it is read: %s', (text, ...found) => {
  expect(inexactIn(text)).toEqual(found)
})

test('whatever JavaScript writes is exact', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(inexactIn(JSON.stringify(value))).toBeUndefined()
    }),
  )
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => {
      expect(isExactNumber(String(n))).toBe(true)
    }),
  )
})

test('a whole number is exact when it is written as it was read', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 69n), max: 2n ** 69n }), (n) => {
      expect(isExactNumber(String(n))).toBe(String(Number(n)) === String(n))
    }),
  )
})

test('a large text is looked at in a time like that of parsing it', () => {
  const ids = JSON.stringify(Array.from({ length: 1_000_000 }, (_, at) => at + 1_000_000))
  const quotes = JSON.stringify('"'.repeat(2_000_000))
  const fastest = (work: () => void): number =>
    Math.min(
      ...[1, 2, 3].map(() => {
        const began = performance.now()
        work()
        return performance.now() - began
      }),
    )
  for (const text of [ids, quotes])
    expect(fastest(() => refuseInexactNumbers(text))).toBeLessThan(10 * fastest(() => void JSON.parse(text)))
})
