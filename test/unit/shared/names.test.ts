import { collection, common, records } from '@flexaction/shared'
import { identityOf } from '@flexaction/shared/catalog'
import { encodeName } from '@flexaction/shared/redis'
import fc from 'fast-check'
import { expect, it, test } from 'vitest'

it.each([
  ['users;user', 'users;user'],
  ['public.users', 'public.users'],
  ['Größen_2', 'Größen_2'],
  ['Order Details', 'Order~20Details'],
  ['a,b', 'a~2Cb'],
  ['x+y', 'x~2By'],
  ['a:b', 'a~3Ab'],
  ['{x}', '~7Bx~7D'],
  ['50%', '50~25'],
  ['a~b', 'a~7Eb'],
  ['✓', '~E2~9C~93'],
])('encodes %s as %s', (name, encoded) => {
  expect(encodeName(name)).toBe(encoded)
})

test('different names stay different, and none has a sign that means something elsewhere', () => {
  const seen = new Map<string, string>()
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      const encoded = encodeName(name)
      expect(encoded).not.toMatch(/[:{}+%/\s,]/)
      expect(seen.get(encoded) ?? name).toBe(name)
      seen.set(encoded, name)
    }),
  )
})

test('collections with a plus are not two collections', () => {
  expect(identityOf('a', records('x+y'))).toBe('a.records.x~2By')
  expect(identityOf('a', records(['x', 'y']))).toBe('a.records.x+y')
  expect(identityOf('a', collection('Order Details'))).toBe('a.collection.Order~20Details')
  expect(identityOf('a', common())).toBe('a.common')
})
