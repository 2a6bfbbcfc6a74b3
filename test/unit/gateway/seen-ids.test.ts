import { SeenIds } from '@flexaction/gateway/messages/seen-ids'
import fc from 'fast-check'
import { expect, it } from 'vitest'

const ids = fc.array(
  fc.oneof(
    fc.integer({ min: -20, max: 20 }),
    fc.integer({ min: -20, max: 20 }).map(String),
    fc.maxSafeInteger(),
    fc.maxSafeInteger().map(String),
    fc.string({ minLength: 1, maxLength: 3 }),
    fc.constantFrom<string | number>('05', '-0', 0, -0, '0', '5.0', ' 5', '9007199254740993', 2 ** 32 + 5, 5),
  ),
  { maxLength: 200 },
)

it('says of each id whether one of the same text came before', () => {
  fc.assert(
    fc.property(ids, (list) => {
      const seen = new SeenIds(list)
      const texts = new Set<string>()
      const expected = list.map((id) => texts.size < texts.add(String(id)).size)
      expect(list.map((_, position) => seen.add(position))).toEqual(expected)
    }),
  )
})

it('knows a UUID again in another case', () => {
  const seen = new SeenIds(['550e8400-e29b-41d4-a716-446655440000', '550E8400-E29B-41D4-A716-446655440000', 'a', 'A'])
  expect([0, 1, 2, 3].map((at) => seen.add(at))).toEqual([true, false, true, true])
})

it('takes a million ids in any order', () => {
  const list = Array.from({ length: 1_000_000 }, (_, at) => (at * 7_919) % 1_000_003)
  const seen = new SeenIds([...list, ...list.slice(0, 3)])
  let first = 0
  for (let at = 0; at < 1_000_000; at++) if (seen.add(at)) first++
  expect([first, seen.add(1_000_000), seen.add(1_000_002)]).toEqual([1_000_000, false, false])
})
