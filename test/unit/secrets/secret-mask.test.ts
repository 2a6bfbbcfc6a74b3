import { SecretMask } from '@flexaction/shared/secrets'
import fc from 'fast-check'
import { expect, it } from 'vitest'

const mask = (...values: unknown[]): SecretMask => {
  const made = SecretMask.of(values)
  if (!made) throw new Error('there is nothing to mask')
  return made
}

it.each<[values: unknown[], text: string, masked: string]>([
  [['hunter2'], 'login with hunter2 failed: hunter2', 'login with [secret] failed: [secret]'],
  [['a"b\\c\n'], JSON.stringify({ sent: 'a"b\\c\n' }), '{"sent":"[secret]"}'],
  [['p@ss word'], 'GET /?key=p%40ss%20word', 'GET /?key=[secret]'],
  [['hunter', 'hunter2'], 'hunter2 hunter', '[secret] [secret]'],
  [[{ key: ['deep one', 4711] }], 'deep one 4711', '[secret] [secret]'],
  [[' padded '], 'it was padded', 'it was [secret]'],
  [['-----BEGIN\nline of a key\n'], 'bad line of a key here', 'bad [secret] here'],
  [['abc', 'long enough'], 'abc stays, long enough goes', 'abc stays, [secret] goes'],
  [['hunter2'], 'a text that was cut: hunt…', 'a text that was cut: [secret]…'],
  [['hunter2'], 'a text that was cut: hun…', 'a text that was cut: hun…'],
])('masks %j in %j', (values, text, masked) => {
  expect(mask(...values).text(text)).toBe(masked)
})

it('leaves JSON as JSON, numbers included', () => {
  const json = JSON.stringify({ pin: 1234, other: 12345, of: ['it is 1234'], '1234': true })
  expect(JSON.parse(mask('1234').json(json))).toEqual({
    pin: '[secret]',
    other: 12345,
    of: ['it is [secret]'],
    '[secret]': true,
  })
  expect(mask('hunter2').json('{"a":  1}')).toBe('{"a":  1}')
})

it('is not made for values that are too short to be told apart', () => {
  expect(SecretMask.of(['', 'abc', true, null, undefined, 12, {}])).toBeUndefined()
})

it('leaves no value of four characters or more, whatever stands around it', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 4, unit: 'binary' }), fc.string(), fc.string(), (secret, before, after) => {
      fc.pre(secret.trim().length >= 4 && !before.includes('[') && !after.includes('['))
      const found = SecretMask.of([secret])
      const masked = found?.text(`${before}${secret}${after}`) ?? ''
      fc.pre(!'[secret]'.includes(secret))
      expect(masked.includes(secret)).toBe(false)
      const json = found?.json(JSON.stringify({ a: `${before}${secret}${after}` })) ?? ''
      expect((JSON.parse(json) as { a: string }).a.includes(secret)).toBe(false)
    }),
  )
})
