import { type AnyField, compileForm, describeFields, field } from '@flexaction/shared/fields'
import { describe, expect, test } from 'vitest'
import { EVERY_TYPE } from './every-type.js'

describe.each(Object.entries(EVERY_TYPE))('%s', (_, { make, emptyIsAbsent }) => {
  const required = compileForm(describeFields({ value: make() }))
  const optional = compileForm(describeFields({ value: make({ required: false }) }))
  const missing = { ok: false, errors: { value: ['this field is required'] } }
  const empty = { ok: true, values: { value: '' } }

  test.each([{}, { value: null }, { value: undefined }])('%o is absent', (form) => {
    expect(required(form)).toStrictEqual(missing)
    expect(optional(form)).toStrictEqual({ ok: true, values: {} })
  })

  test(`'' is ${emptyIsAbsent ? 'absent' : 'a value, and not enough where one is required'}`, () => {
    expect(required({ value: '' })).toStrictEqual(missing)
    expect(optional({ value: '' })).toStrictEqual(emptyIsAbsent ? { ok: true, values: {} } : empty)
  })
})

describe.each(['char', 'text', 'translatable', 'sql', 'code'] as const)('a required %s', (name) => {
  const make: (options?: { required?: boolean; blank?: boolean }) => AnyField = field[name]
  const blanks = [' ', '\t\n', '\u00a0', '\u200b', '\ufeff ']

  test.each(blanks)('refuses what shows nothing: %j', (value) => {
    const read = compileForm(describeFields({ value: make() }))
    const message = `must not be blank, received ${JSON.stringify(value)}`
    expect(read({ value })).toStrictEqual({ ok: false, errors: { value: [message] } })
  })

  test.each(['', ...blanks])('takes it with blank: true, or when it is optional: %j', (value) => {
    for (const options of [{ blank: true }, { required: false }])
      expect(compileForm(describeFields({ value: make(options) }))({ value })).toStrictEqual({
        ok: true,
        values: { value },
      })
  })
})

test('a required translatable is blank when every language is', () => {
  const read = compileForm(describeFields({ value: field.translatable() }))
  for (const value of [{}, { en: '' }, { en: ' ', de: '\n' }])
    expect(read({ value })).toStrictEqual({ ok: false, errors: { value: ['must not be blank, received an object'] } })
  expect(read({ value: { en: '', de: 'Hallo' } }).ok).toBe(true)
})

describe('defaults', () => {
  const read = compileForm(
    describeFields({
      on: field.boolean({ default: false }),
      name: field.char({ default: 'nobody' }),
      since: field.dateTime({ default: '2026-01-31', required: false }),
      price: field.decimal({ default: 1.5 }),
      data: field.json({ default: '{}' }),
      list: field.json({ default: [1] }),
      size: field.select({ options: [{ value: 5, name: 'Five' }], default: 5 }),
    }),
  )
  const values = {
    on: false,
    name: 'nobody',
    since: new Date('2026-01-31T00:00:00.000Z'),
    price: '1.5',
    data: {},
    list: [1],
    size: 5,
  }

  test('an absent value becomes the default, read like any value', () => {
    expect(read({})).toStrictEqual({ ok: true, values })
    expect(read({ on: '', name: null, since: '', price: '', data: '', list: null, size: '' })).toStrictEqual({
      ok: true,
      values,
    })
  })

  test('a present value wins, and an empty text is present', () => {
    expect(read({ name: 'Ada', on: true })).toStrictEqual({ ok: true, values: { ...values, name: 'Ada', on: true } })
    expect(read({ name: '' })).toStrictEqual({ ok: false, errors: { name: ['this field is required'] } })
  })

  test('a handler that changes its default changes no other run', () => {
    const first = read({})
    if (first.ok) (first.values['list'] as number[]).push(2)
    expect(read({})).toStrictEqual({ ok: true, values })
  })

  test('a published default of null is none', () => {
    const withNull = compileForm([{ name: 'a', field: 'CharField', default_value: null }])
    expect(withNull({})).toStrictEqual({ ok: false, errors: { a: ['this field is required'] } })
  })
})

describe('the form as a whole', () => {
  const fields = describeFields({ a: field.integer(), b: field.char(), c: field.date({ required: false }) })
  const read = compileForm(fields)

  test('all errors come at once', () => {
    expect(read({ a: 'x', c: 'y', d: null, ids: '1,2' })).toStrictEqual({
      ok: false,
      errors: {
        a: ['must be a whole number, received "x"'],
        b: ['this field is required'],
        c: ['must be a date like 2026-01-31, received "y"'],
        d: ['unknown parameter'],
        ids: ['unknown parameter'],
      },
    })
  })

  test('unknown parameters are dropped where the action says so', () => {
    const lenient = compileForm(fields, { unknownParams: 'ignore' })
    expect(lenient({ a: 1, b: 'x', d: 5 })).toStrictEqual({ ok: true, values: { a: 1, b: 'x' } })
  })

  test('a form without fields', () => {
    expect(compileForm([])({})).toStrictEqual({ ok: true, values: {} })
    expect(compileForm([])({ a: 1 })).toStrictEqual({ ok: false, errors: { a: ['unknown parameter'] } })
  })

  test.each([
    [null, 'nothing'],
    [undefined, 'nothing'],
    [[], 'a list'],
    ['{}', '"{}"'],
    [5, '5'],
  ])('%j is no form', (form, received) => {
    expect(read(form as never)).toStrictEqual({
      ok: false,
      errors: { non_field_errors: [`the form must be an object, received ${received}`] },
    })
  })

  test('the reader is made of JSON alone', () => {
    const published = compileForm(JSON.parse(JSON.stringify(fields)))
    const form = { a: '5', b: 7, c: '2026-01-31T10:00' }
    expect(published(form)).toStrictEqual({ ok: true, values: { a: 5, b: '7', c: '2026-01-31' } })
    expect(read(form)).toStrictEqual(published(form))
  })
})

describe('names that every object inherits', () => {
  const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":1,"toString":2}') as Record<string, unknown>

  test('are unknown parameters like others', () => {
    const result = compileForm([])(hostile)
    expect(JSON.stringify(result)).toBe(
      '{"ok":false,"errors":{"__proto__":["unknown parameter"],"constructor":["unknown parameter"],"toString":["unknown parameter"]}}',
    )
    expect('polluted' in {}).toBe(false)
  })

  test('are not present when nobody sent them', () => {
    const read = compileForm([
      { name: '__proto__', field: 'JSONField' },
      { name: 'constructor', field: 'JSONField' },
      { name: 'toString', field: 'JSONField', required: false },
    ])
    expect(JSON.stringify(read({}))).toBe(
      '{"ok":false,"errors":{"__proto__":["this field is required"],"constructor":["this field is required"]}}',
    )
    expect(JSON.stringify(read(hostile))).toBe(
      '{"ok":true,"values":{"__proto__":{"polluted":1},"constructor":1,"toString":2}}',
    )
  })
})
