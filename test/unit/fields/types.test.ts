import { collection, common, defineAction, field, records } from '@flexaction/shared'
import type { BulkContext, HandlerContext, ParamsOf, RecordId } from '@flexaction/shared'
import type { AnyField, Field, FieldMap } from '@flexaction/shared/fields'
import { expectTypeOf, test } from 'vitest'

// Checked by `tsc -p test`; at run time these only show that nothing throws.

const run = () => undefined

test('required fields are always there, optional ones may be missing', () => {
  const fields = { subject: field.char(), body: field.text({ required: false }) }
  expectTypeOf<ParamsOf<typeof fields>>().toEqualTypeOf<{ subject: string; body?: string }>()
  expectTypeOf<ParamsOf<{ subject: Field<string>; body: Field<string, false> }>>().toEqualTypeOf<{
    subject: string
    body?: string
  }>()
})

test('a default makes a field always there, whatever required says', () => {
  const fields = {
    a: field.integer({ default: 5 }),
    b: field.integer({ default: 5, required: false }),
    c: field.integer({ required: true }),
    d: field.integer({ required: false }),
    e: field.integer({ required: Math.random() > 0.5 }),
  }
  expectTypeOf<ParamsOf<typeof fields>>().toEqualTypeOf<{ a: number; b: number; c: number; d?: number; e?: number }>()
})

test('each type gives its value', () => {
  const fields = {
    boolean: field.boolean(),
    char: field.char(),
    text: field.text(),
    translatable: field.translatable(),
    languages: field.translatable({ languages: ['en', 'de'] }),
    select: field.select({
      options: [
        { value: 'eur', name: 'Euro' },
        { value: 5, name: 'Five', color: 'red' },
        { value: true, name: 'Yes' },
      ],
    }),
    dynamic: field.select({ options: () => [] }),
    foreignKey: field.foreignKey({ model: 'users' }),
    dateTime: field.dateTime(),
    timestamp: field.timestamp(),
    date: field.date(),
    time: field.time(),
    json: field.json(),
    sql: field.sql(),
    code: field.code(),
    integer: field.integer(),
    float: field.float(),
    decimal: field.decimal(),
  }
  expectTypeOf<ParamsOf<typeof fields>>().toEqualTypeOf<{
    boolean: boolean
    char: string
    text: string
    translatable: string | { [x: string]: string | undefined }
    languages: string | { en?: string; de?: string }
    select: 'eur' | 5 | true
    dynamic: string | number | boolean
    foreignKey: string | number
    dateTime: Date
    timestamp: Date
    date: string
    time: string
    json: unknown
    sql: string
    code: string
    integer: number
    float: number
    decimal: string
  }>()
})

test('options declared elsewhere keep their values', () => {
  const options = [
    { value: 'a', name: 'A' },
    { value: 'b', name: 'B' },
  ] as const
  const many = Array.from({ length: 3 }, (_, value) => ({ value, name: String(value) }))
  expectTypeOf(field.select({ options: many })).toEqualTypeOf<Field<number, true>>()
  expectTypeOf(field.select({ options })).toEqualTypeOf<Field<'a' | 'b', true>>()
  expectTypeOf(field.select({ options, required: false })).toEqualTypeOf<Field<'a' | 'b', false>>()
  expectTypeOf(field.select({ options, required: false, default: 'a' })).toEqualTypeOf<Field<'a' | 'b', true>>()
})

test('no fields, and any fields', () => {
  expectTypeOf<ParamsOf<Record<never, never>>>().toEqualTypeOf<{}>()
  expectTypeOf<ParamsOf<FieldMap>>().toEqualTypeOf<{ [x: string]: unknown }>()
  expectTypeOf<Field<string, false>>().toExtend<AnyField>()
})

test('a handler gets what its target and params declare', () => {
  const params = { subject: field.char(), body: field.text({ required: false }) }
  type Params = { subject: string; body?: string }

  defineAction({
    name: 'each',
    target: records('users'),
    params,
    run: (input) => expectTypeOf(input).toEqualTypeOf<{ id: RecordId; params: Params; ctx: HandlerContext }>(),
  })
  defineAction({
    name: 'bulk',
    target: records('users', { bulk: true }),
    // In place, where the expected type could mislead the builders.
    params: {
      subject: field.char(),
      body: field.text({ required: false }),
      size: field.select({
        options: [
          { value: 's', name: 'Small' },
          { value: 'l', name: 'Large' },
        ],
        required: false,
        default: 's',
      }),
    },
    run(input) {
      expectTypeOf(input).toEqualTypeOf<{
        ids: readonly RecordId[]
        params: { subject: string; body?: string; size: 's' | 'l' }
        ctx: BulkContext
      }>()
    },
  })
  defineAction({
    name: 'collection',
    target: collection('users'),
    params,
    run: (input) => expectTypeOf(input).toEqualTypeOf<{ params: Params; ctx: HandlerContext }>(),
  })
  defineAction({
    name: 'common',
    target: common(),
    run: (input) => expectTypeOf(input).toEqualTypeOf<{ params: {}; ctx: HandlerContext }>(),
  })
})

test('wrong uses do not compile', () => {
  const wrong = () => {
    // @ts-expect-error a foreign key needs its model
    field.foreignKey()
    // @ts-expect-error a foreign key needs its model
    field.foreignKey({ required: false })
    // @ts-expect-error a select needs its options
    field.select({})
    // @ts-expect-error an option needs its name
    field.select({ options: [{ value: 1 }] })
    // @ts-expect-error a misspelt key of an option
    field.select({ options: [{ value: 1, name: 'One', colour: 'red' }] })
    // @ts-expect-error the default is one of the options
    field.select({ options: [{ value: 1, name: 'One' }], default: 2 })
    // @ts-expect-error a misspelt option
    field.char({ maxLenght: 5 })
    // @ts-expect-error lengths are numbers
    field.char({ maxLength: '5' })
    // @ts-expect-error the default is of the input's kind
    field.integer({ default: '5' })
    // @ts-expect-error a Date is not JSON
    field.dateTime({ default: new Date() })
    // @ts-expect-error null is no default
    field.json({ default: null })
    // @ts-expect-error units are s and ms
    field.timestamp({ unit: 'us' })
    // @ts-expect-error an integer's bounds are numbers
    field.integer({ min: '1' })
    // @ts-expect-error not one of the languages
    field.translatable({ languages: ['en'], default: { fr: 'x' } })
    // @ts-expect-error required is true or false
    field.text({ required: 'no' })
    // @ts-expect-error a default is of the field's type
    field.char({ default: 5 })
    // @ts-expect-error a default is of the field's type
    field.boolean({ default: 'true' })
    // @ts-expect-error a default is of the field's type
    field.date({ default: new Date() })
    // @ts-expect-error null is no default: leave it out
    field.float({ required: false, default: null })
    // @ts-expect-error a time zone is a name
    field.dateTime({ timeZone: 60 })
    // @ts-expect-error options need a value each
    field.select({ options: async () => [{ name: 'One' }] })
    // @ts-expect-error a select takes no maxLength
    field.select({ options: [{ value: 1, name: 'One' }], maxLength: 5 })
    // @ts-expect-error a foreign key's model is a name
    field.foreignKey({ model: ['users'] })
    // @ts-expect-error fields come from builders
    defineAction({ name: 'x', target: common(), params: { subject: 'CharField' }, run })
    // @ts-expect-error a common action has no id
    defineAction({ name: 'x', target: common(), run: ({ id }) => id as unknown })
    // @ts-expect-error bulk records come as ids
    defineAction({ name: 'x', target: records('users', { bulk: true }), run: ({ id }) => id as unknown })
    defineAction({
      name: 'x',
      target: common(),
      params: { body: field.text({ required: false }) },
      // @ts-expect-error body may be undefined
      run: ({ params }) => params.body.length,
    })
    defineAction({
      name: 'x',
      target: common(),
      params: { body: field.text({ required: false, default: '' }), size: field.integer({ default: 1 }) },
      // With a default it is there.
      run: ({ params }) => params.body.length + params.size,
    })
    defineAction({
      name: 'x',
      target: common(),
      params: { amount: field.decimal() },
      // @ts-expect-error a decimal is text: sums of it would be joined
      run: ({ params }) => params.amount * 2,
    })
    defineAction({
      name: 'x',
      target: common(),
      params: { on: field.date(), at: field.dateTime() },
      run: ({ params }) => {
        // @ts-expect-error a day is text, not a Date
        const days: Date[] = [params.at, params.on]
        return days
      },
    })
    defineAction({
      name: 'x',
      target: common(),
      params: { data: field.json() },
      // @ts-expect-error JSON may be anything: look first
      run: ({ params }) => params.data.rows as unknown,
    })
    defineAction({
      name: 'x',
      target: common(),
      params: { subject: field.char() },
      // @ts-expect-error no such field
      run: ({ params }) => params.subjcet as unknown,
    })
    defineAction({
      name: 'x',
      target: common(),
      params: { size: field.select({ options: [{ value: 's', name: 'Small' }] }) },
      // @ts-expect-error never one of the options
      run: ({ params }) => params.size === 'l',
    })
    // @ts-expect-error a collection action has no ids
    defineAction({ name: 'x', target: collection('users'), run: ({ ids }) => ids as unknown })
    // @ts-expect-error single records settle by returning or throwing
    defineAction({ name: 'x', target: records('users'), run: ({ ctx }) => ctx.succeed as unknown })
  }
  expectTypeOf(wrong).toBeFunction()
})
