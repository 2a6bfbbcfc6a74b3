import { ActionError } from '@flexaction/shared'
import {
  asPromise,
  readLogLine,
  readProgress,
  readResult,
  readText,
  readThrown,
  readWhy,
} from '@flexaction/worker/values/index'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { revoked, hostile, raise, withGetter, withMessage, foreignRefusal, generator } from './odd-values.js'

/** Makes a value. fast-check looks into the values that it generates itself, and hostile ones throw. */
type Make = () => unknown

const objectOf = (value: unknown): object => (typeof value === 'object' && value !== null ? value : { value })
const MEMBERS = ['message', 'stack', 'name', 'then', 'toJSON', 'fields', 'cause', 'next', 'constructor'] as const
/** What is made of a value. */
const WRAPPINGS: readonly ((value: unknown) => unknown)[] = [
  (value) => hostile(objectOf(value)),
  (value) => new Proxy(objectOf(value), {}),
  withMessage,
  (value) => new ActionError(value as string, value as ErrorOptions),
  (value) => foreignRefusal({ fields: value, message: value }),
  (value) => new Error('caused', { cause: value }),
  (value) => Object.freeze(new Error(String(typeof value))),
  (value) => ({ toJSON: () => value }),
  (value) => ({ then: (resolve: (one: unknown) => void) => resolve(value) }),
  (value) => ({ options: value, [Symbol.for('flexaction.file')]: true }),
  (value) => new Map([[value, value]]),
  (value) => {
    const object: Record<string, unknown> = { value }
    object['self'] = object
    return object
  },
]
const CONSTANTS = [undefined, Symbol('s'), Symbol.iterator, () => 1, -0, 10n ** 30n, '\uD800', '😀'.repeat(30_000)]

/** Whatever JavaScript has, nested, and hostile in its parts. */
const anything = fc.letrec<{ value: Make }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc
      .anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true })
      .map((value) => () => value),
    fc.anything({ withSparseArray: true, withTypedArray: true }).map((value) => () => value),
    fc.constantFrom<Make>(revoked, generator, ...CONSTANTS.map((value) => () => value)),
    fc.string({ unit: 'binary' }).map((text) => () => text),
    fc.tuple(fc.constantFrom(...WRAPPINGS), tie('value')).map(
      ([wrap, make]) =>
        () =>
          wrap(make()),
    ),
    fc.array(tie('value'), { maxLength: 3 }).map((makes) => () => makes.map((make) => make())),
    fc.array(tie('value'), { maxLength: 3 }).map(
      (makes) => () =>
        new AggregateError(
          makes.map((make) => make()),
          '',
        ),
    ),
    fc
      .dictionary(fc.string(), tie('value'), { maxKeys: 3 })
      .map((makes) => () => Object.fromEntries(Object.entries(makes).map(([key, make]) => [key, make()]))),
    fc.tuple(fc.constantFrom(...MEMBERS), tie('value'), fc.boolean()).map(([name, make, isThrown]) => () => {
      const value = make()
      return withGetter(name, () => (isThrown ? raise(value) : value), new Error('with a getter'))
    }),
  ),
})).value

it('never throws, and stays plain and within its bounds, whatever it is given', async () => {
  await fc.assert(
    fc.asyncProperty(anything, async (make) => {
      const value = make()
      const began = performance.now()
      for (const failure of [readThrown(value), readWhy(value)]) {
        // A clone has the usual prototypes: what is equal to it is plain.
        expect(structuredClone(failure)).toStrictEqual(failure)
        expect(JSON.parse(JSON.stringify(failure))).toStrictEqual(failure)
        expect(failure.message).not.toBe('')
        expect(failure.message.length).toBeLessThanOrEqual(10_000)
        expect((failure.stack ?? '').length).toBeLessThanOrEqual(20_000)
        expect(JSON.stringify(failure.fields ?? {}).length).toBeLessThan(200_000)
        expect(`${failure.message}${failure.stack}`.isWellFormed()).toBe(true)
      }
      expect((readText(value) ?? '').length).toBeLessThanOrEqual(10_000)
      expect(readLogLine(value)).toMatch(/^[^\r\n]{0,4000}$/)
      expect(readProgress(value) ?? 0).toBeGreaterThanOrEqual(0)
      const read = readResult(value)
      if (read.kind === 'json') {
        expect(read.json.length).toBeLessThanOrEqual(256_000)
        expect(() => JSON.parse(read.json) as unknown).not.toThrow()
      }
      if (read.kind === 'failed') expect(structuredClone(read.failure)).toStrictEqual(read.failure)
      const promise = asPromise(value)
      const settled = promise && (await Promise.allSettled([Promise.race([promise, Promise.resolve()])]))
      if (settled?.[0].status === 'rejected') readThrown(settled[0].reason)
      expect(performance.now() - began).toBeLessThan(2_000)
    }),
    { numRuns: 3_000 },
  )
}, 120_000)
