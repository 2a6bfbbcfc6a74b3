import { parseJsonExactly, RepeatedKey } from '@flexaction/shared/json'
import fc from 'fast-check'
import { expect, it } from 'vitest'

/** Where a key stands twice; `undefined` when none does. */
function repeatedIn(text: string): readonly unknown[] | undefined {
  try {
    parseJsonExactly(text)
    return undefined
  } catch (error) {
    if (error instanceof RepeatedKey) return error.path
    throw error
  }
}

it.each<[string, unknown[]]>([
  ['{"a":1,"a":2}', ['a']],
  ['{"a":1,"a":1}', ['a']],
  ['{ "a" : 1 , "b" : 2 ,\n"a"\t: 3 }', ['a']],
  ['{"a":1,"\\u0061":2}', ['a']],
  ['{"":1,"":2}', ['']],
  ['{"a\\\\":1,"a\\\\":2}', ['a\\']],
  ['{"a\\"":1,"a\\"":2}', ['a"']],
  ['{"__proto__":1,"__proto__":2}', ['__proto__']],
  ['{"x":[1,{"y":{"z":1,"z":2}}]}', ['x', 1, 'y', 'z']],
  ['[{"a":1},{"a":1,"b":[],"a":{}}]', [1, 'a']],
  ['{"a":{"a":1},"b":"\\"a\\":","a":2}', ['a']],
])('finds a key that stands twice: %s', (text, path) => expect(repeatedIn(text)).toEqual(path))

it.each([
  '{}',
  '[]',
  '"a"',
  '{"a":1,"A":2," a":3}',
  '{"a":{"a":{"a":1}},"b":{"a":1}}',
  '[{"a":1},{"a":1}]',
  '{"a":"b\\":1,\\"a\\":2"}',
  '{"a":"\\"a\\":\\"a\\":"}',
  '{"a":":","b":"x\\\\"}',
  '["a:","\\":"]',
  '{"\\ud800":1,"\\ud801":2}',
])('takes what has each key once: %s', (text) => expect(repeatedIn(text)).toBeUndefined())

it('finds none in what JavaScript has written, and the one that was put in', () => {
  fc.assert(
    fc.property(fc.json(), fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, maxKeys: 4 }), (json, object) => {
      expect(repeatedIn(json)).toBeUndefined()
      const [key] = Object.keys(object)
      expect(repeatedIn(`[${json},${JSON.stringify(object).slice(0, -1)},${JSON.stringify(key)}:0}]`)).toEqual([1, key])
    }),
    { numRuns: 300 },
  )
})

it('costs little where there is nothing to find, whatever ids look like', () => {
  for (const id of ['5', '"550e8400-e29b-41d4-a716-446655440000"', '"a:b"', '"urn:uuid:5"']) {
    const text = `{"params":{"ids":[${Array.from({ length: 50_000 }, () => id).join(',')}]}}`
    const time = (run: () => unknown): number => {
      const times = Array.from({ length: 5 }, () => {
        const from = performance.now()
        run()
        return performance.now() - from
      })
      return Math.min(...times)
    }
    expect(time(() => parseJsonExactly(text))).toBeLessThan(40 * time(() => JSON.parse(text) as unknown))
  }
})

it('does not overflow, however deeply lists and objects are nested', () => {
  const deep = '{"a":['.repeat(20_000) + '{"b":1,"b":2}' + ']}'.repeat(20_000)
  expect(repeatedIn(deep)?.at(-1)).toBe('b')
})
