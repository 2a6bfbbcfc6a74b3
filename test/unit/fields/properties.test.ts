import { compileForm, describeFields, field, type FieldDescription, fieldProblems } from '@flexaction/shared/fields'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EVERY_TYPE } from './every-type.js'

/** Texts that come close to what the types accept, so that acceptance is reached often. */
const nearText = fc.oneof(
  fc.constantFrom('', ' ', 'true', '1', 'a', 'null', '{}', '[', '2026-02-30', '09:30', '1e3', '-0', '.5', '__proto__'),
  fc.integer().map(String),
  fc.double().map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.json(),
  fc.string(),
)
const raw = fc.oneof(
  nearText,
  fc.jsonValue(),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)

describe.each(Object.entries(EVERY_TYPE))('%s', (_, { make }) => {
  const read = compileForm(describeFields({ value: make() }))

  test('a form that went through JSON again reads the same, so gateway and worker agree', () => {
    fc.assert(
      fc.property(raw, (value) => {
        const once = read({ value })
        expect(read({ value })).toStrictEqual(once)
        const sentAgain = read(JSON.parse(JSON.stringify({ value })))
        // JSON has no -0, and neither have the values of the number types.
        expect(JSON.stringify(sentAgain)).toBe(JSON.stringify(once))
      }),
    )
  })
})

test('no form makes the reader throw, and a refusal says something about each field it names', () => {
  const every = Object.entries(EVERY_TYPE).map(([type, { make }]) => [type, make()] as const)
  const read = compileForm(describeFields(Object.fromEntries(every)))
  const key = fc.oneof(fc.constantFrom(...Object.keys(EVERY_TYPE), '__proto__', 'constructor'), fc.string())
  fc.assert(
    fc.property(fc.oneof(fc.dictionary(key, raw), fc.jsonValue(), fc.anything()), (form) => {
      const result = read(form as Record<string, unknown>)
      if (result.ok) return
      expect(Object.keys(result.errors)).not.toHaveLength(0)
      for (const messages of Object.values(result.errors)) expect(messages).not.toHaveLength(0)
    }),
  )
})

test('no declaration makes fieldProblems throw, and one without problems compiles', () => {
  const description = fc.record(
    {
      name: fc.oneof(fc.constantFrom('a', 'b', 'ids', '__proto__'), fc.jsonValue()),
      field: fc.oneof(fc.constantFrom(...Object.keys(EVERY_TYPE)), fc.jsonValue()),
      required: fc.oneof(fc.boolean(), fc.jsonValue()),
      params: fc.oneof(
        fc.jsonValue(),
        fc.record({ max_length: raw, min: raw, max: raw, options: fc.array(fc.record({ value: raw, name: raw })) }),
      ),
      default_value: raw,
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.oneof(fc.array(description), fc.jsonValue()), (declared) => {
      const descriptions = declared as FieldDescription[]
      if (fieldProblems(descriptions).length === 0) expect(compileForm(descriptions)({})).toHaveProperty('ok')
    }),
    { numRuns: 1000 },
  )
})

const digits = (least: number, most: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: least, maxLength: most }).map((list) => list.join(''))

describe('decimals', () => {
  const read = compileForm(describeFields({ value: field.decimal() }))
  const value = (text: unknown) => read({ value: text })
  const number = (text: string) => ({ ok: true, values: { value: text } })

  test('of 30 digits and more stay exact', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), digits(29, 60), digits(1, 30), (first, whole, fraction) => {
        const text = `${first}${whole}.${fraction}`
        expect(value(text)).toStrictEqual(number(text))
        expect(value(`-${text}`)).toStrictEqual(number(`-${text}`))
      }),
    )
  })

  test('mean the same in exponent notation', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), digits(1, 40), fc.nat(60), (first, rest, places) => {
        const text = `${first}${rest}`
        expect(value(`${text}e${places}`)).toStrictEqual(number(text + '0'.repeat(places)))
        const padded = text.padStart(places + 1, '0')
        const point = padded.length - places
        expect(value(`${text}e-${places}`)).toStrictEqual(
          number(places === 0 ? padded : `${padded.slice(0, point)}.${padded.slice(point)}`),
        )
      }),
    )
  })

  test('that came as numbers become the same number again', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (sent) => {
        const result = value(sent)
        expect(result.ok && Number(result.values['value'])).toBe(sent + 0)
      }),
    )
  })

  test('are compared with their bounds exactly', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
        fc.bigInt({ min: -(10n ** 3n), max: 10n ** 3n }),
        (bound, step) => {
          const bounded = compileForm(describeFields({ value: field.decimal({ min: `${bound}` }) }))
          expect(bounded({ value: `${bound + step}` }).ok).toBe(step >= 0n)
        },
      ),
    )
  })
})

test('every instant of the years 1 to 9999 is read from its ISO text, whatever the offset', () => {
  const read = compileForm(describeFields({ at: field.dateTime(), day: field.date() }))
  const instant = fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true })
  fc.assert(
    fc.property(instant, fc.integer({ min: -14 * 60, max: 14 * 60 }), (at, offset) => {
      const local = new Date(at.getTime() + offset * 60_000).toISOString().slice(0, -1)
      const size = Math.abs(offset)
      const pad = (count: number) => String(count).padStart(2, '0')
      const text = `${local}${offset < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`
      expect(read({ at: text, day: text })).toStrictEqual({
        ok: true,
        values: { at, day: at.toISOString().slice(0, 10) },
      })
    }),
  )
})

test('what a clock shows is read back as the instant at which it does, in every time zone', () => {
  const instant = fc.integer({ min: Date.UTC(1971, 0), max: Date.UTC(2037, 0) }).map((ms) => ms - (ms % 1_000))
  fc.assert(
    fc.property(instant, fc.constantFrom(...Intl.supportedValuesOf('timeZone')), (at, timeZone) => {
      const shown = new Date(at).toLocaleString('sv', { timeZone })
      const read = compileForm(describeFields({ at: field.dateTime({ timeZone }) }))({ at: shown })
      const got = (read.ok ? (read.values['at'] as Date) : new Date(Number.NaN)).getTime()
      // A time that is shown twice is read as the first of the two.
      expect(new Date(got).toLocaleString('sv', { timeZone })).toBe(shown)
      expect(got).toBeLessThanOrEqual(at)
    }),
    { numRuns: 150 },
  )
})
