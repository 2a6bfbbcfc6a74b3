import { compileForm, describeFields, field, fieldProblems } from '@flexaction/shared/fields'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EVERY_TYPE } from './every-type.js'

const SECRET = 'x-the-secret-x'
/** Anything, with the secret somewhere in it. */
const around = fc.oneof(
  fc.string().map((text) => text + SECRET),
  fc.string().map((text) => SECRET + text),
  fc.string().map((text) => `, received ${SECRET} ${text}`),
  fc.constantFrom<unknown>({ [SECRET]: 1 }, [SECRET], { en: { deep: SECRET } }, `{"a": ${SECRET}`, `"${SECRET}`),
)

describe.each(Object.entries(EVERY_TYPE))('a secret %s', (_, { make }) => {
  const secret = describeFields({ value: make({ secret: true }) })
  const plain = compileForm(describeFields({ value: make() }))
  const read = compileForm(secret)

  test('is published as secret, and reads what the same field reads', () => {
    expect(secret).toEqual([expect.objectContaining({ name: 'value', secret: true })])
    expect(fieldProblems(secret)).toEqual([])
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.string()), (value) => {
        const one = read({ value })
        const other = plain({ value })
        expect(one.ok).toBe(other.ok)
        if (one.ok && other.ok) expect(one.values).toEqual(other.values)
      }),
    )
  })

  test('is quoted by no error, nor is a field that was secret when it was sent', () => {
    fc.assert(
      fc.property(around, (value) => {
        for (const result of [read({ value }), plain({ value }, new Set(['value']))]) {
          if (!result.ok) expect(JSON.stringify(result.errors)).not.toContain('the-secret')
        }
      }),
    )
  })

  test('refuses what only stands for a value', () => {
    expect(read({ value: '[secret]' })).toEqual({
      ok: false,
      errors: { value: ['must be given anew: [secret] only stands for a value that is not shown'] },
    })
  })
})

test('says what is wrong all the same', () => {
  const read = compileForm(
    describeFields({
      password: field.char({ secret: true, minLength: 8 }),
      pin: field.integer({ secret: true }),
      empty: field.char({ secret: true }),
    }),
  )
  expect(read({ password: 'short', pin: 'abcd', empty: ' ' })).toEqual({
    ok: false,
    errors: {
      password: ['must have at least 8 characters'],
      pin: ['must be a whole number'],
      empty: ['must not be blank'],
    },
  })
})

test('has no default, and no other value than true or false', () => {
  const problems = (options: object): string[] => fieldProblems(describeFields({ pin: field.char(options) }))
  expect(problems({ secret: true, default: '1234' })).toEqual([
    'field "pin": a secret field has no default_value: it would be published',
  ])
  for (const wrong of [{ extra: { secret: 'yes' } }, { secret: 'yes' as unknown as boolean }])
    expect(problems(wrong)).toContain('field "pin": secret must be true or false, received "yes"')
  expect(describeFields({ pin: field.char({ extra: { secret: true } }) })[0]?.secret).toBe(true)
  expect(describeFields({ pin: field.char({ secret: false }) })).toEqual([{ name: 'pin', field: 'CharField' }])
})
