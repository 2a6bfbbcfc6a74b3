import { common, defineAction, field, records } from '@flexaction/shared'
import { compileForm, describeFields } from '@flexaction/shared/fields'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { System } from '../harness/system.js'
import { EVERY_TYPE } from '../unit/fields/every-type.js'

const params = Object.fromEntries(
  Object.entries(EVERY_TYPE).map(([type, { make }]) => [type, make({ required: false })]),
)
const read = compileForm(describeFields(params))
const received: unknown[] = []
let system: System

beforeAll(async () => {
  const keep = defineAction({
    name: 'keep',
    target: common(),
    params,
    run: ({ params: values }) => {
      received.push(values)
    },
  })
  system = await System.start({ actions: [keep], shared: true })
})
afterAll(() => system.stop())

/** What the gateway answers to a form, and what the handler got. */
async function send(form: unknown): Promise<{ status: number; body: unknown; run: string | null; values: unknown }> {
  received.length = 0
  // As text, which the protocol allows: names such as __proto__ are refused in a body itself.
  const answer = await system.send('execute_action', JSON.stringify({ name: 'keep', params: form }))
  const run = answer.headers.get('x-run-id')
  return { status: answer.status, body: await answer.json(), run, values: received[0] }
}

const digits = (least: number, most: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: least, maxLength: most }).map((list) => list.join(''))
const moment = fc.date({ noInvalidDate: true, min: new Date('0001-01-02'), max: new Date('9999-12-30') })

/** Values that each type accepts, in the ways in which a browser sends them. */
const ACCEPTED: Record<keyof typeof EVERY_TYPE, fc.Arbitrary<unknown>> = {
  BooleanField: fc.constantFrom(true, false, 'true', 'false', 1, 0, '1', 'FALSE'),
  CharField: fc.oneof(fc.string({ unit: 'binary' }), fc.integer()),
  TextField: fc.oneof(fc.string({ unit: 'grapheme' }), fc.double({ noNaN: true, noDefaultInfinity: true })),
  TranslatableField: fc.oneof(fc.string(), fc.dictionary(fc.string(), fc.string())),
  SelectField: fc.constantFrom('a', ''),
  ForeignKey: fc.oneof(fc.maxSafeInteger(), fc.string()),
  DateTimeField: moment.map((date) => date.toISOString()),
  TimestampField: fc.oneof(
    fc.integer(),
    fc.integer().map(String),
    moment.map((date) => date.toISOString()),
  ),
  DateField: moment.map((date) => date.toISOString()),
  TimeField: moment.map((date) => date.toISOString().slice(11, 19)),
  JSONField: fc.oneof(fc.jsonValue(), fc.json()),
  SqlField: fc.string(),
  CodeField: fc.string({ unit: 'binary' }),
  IntegerField: fc.oneof(fc.maxSafeInteger(), fc.maxSafeInteger().map(String)),
  FloatField: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer().map(String)),
  DecimalField: fc.oneof(
    fc
      .tuple(fc.constantFrom('', '-'), fc.integer({ min: 1, max: 9 }), digits(29, 60), digits(1, 30))
      .map(([sign, first, whole, fraction]) => `${sign}${first}${whole}.${fraction}`),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  ),
}

it('hands a form that is accepted to the handler through Redis, unchanged', async () => {
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(fc.record(ACCEPTED, { requiredKeys: [] }), async (form) => {
      const expected = read(JSON.parse(JSON.stringify(form)) as Record<string, unknown>)
      const { status, body, values } = await send(form)
      if (!expected.ok) {
        expect([status, body]).toEqual([400, expected.errors])
        return
      }
      accepted++
      expect([status, body]).toEqual([201, { result: true }])
      expect(values).toStrictEqual(expected.values)
    }),
    { numRuns: 100 },
  )
  expect(accepted).toBeGreaterThan(50)
})

it('brings decimals of 30 digits and more through Redis to the last digit', async () => {
  const text = '-123456789012345678901234567890.123456789012345678901234567890'
  const { status, values } = await send({ DecimalField: text })
  expect([status, values]).toStrictEqual([201, { DecimalField: text }])
})

it('refuses any other form with field errors, before a run exists, and never in another way', async () => {
  const key = fc.oneof(
    fc.constantFrom(...Object.keys(params), '__proto__', 'constructor', 'non_field_errors'),
    fc.string(),
  )
  await fc.assert(
    fc.asyncProperty(fc.dictionary(key, fc.oneof(fc.jsonValue(), fc.string({ unit: 'binary' }))), async (form) => {
      const { ids: _, ...rest } = JSON.parse(JSON.stringify(form)) as Record<string, unknown>
      const expected = read(rest)
      const { status, body, run } = await send(rest)
      if (expected.ok) expect(status).toBe(201)
      else expect([status, run, JSON.stringify(body)]).toEqual([400, null, JSON.stringify(expected.errors)])
    }),
    { numRuns: 100 },
  )
})

it('reads the form again in the worker, whose code may be newer than what was accepted', async () => {
  const make = (amount: ReturnType<typeof field.char> | ReturnType<typeof field.integer>, run: () => void) =>
    defineAction({ name: 'pay', target: records('users'), params: { amount }, retry: { attempts: 3 }, run })
  let calls = 0
  await using other = await System.start({ actions: [make(field.char(), () => undefined)] })
  await other.workers[0]?.stop()
  const id = await other.begin({ name: 'pay', ids: [1, 2], params: { amount: 'much' } })

  await other.addWorker({ actions: [make(field.integer(), () => calls++)] })
  await other.runIn(['failed'], id)

  expect(await other.items(id)).toMatchObject([
    { id: 1, state: 'failed', attempts: 1, message: 'amount: must be a whole number, received "much"' },
    { id: 2, state: 'failed', attempts: 1, message: 'amount: must be a whole number, received "much"' },
  ])
  expect(calls).toBe(0)
})
