import { ActionError, result } from '@flexaction/shared'
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

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** Every trap of it throws. */
function hostile(target: object = {}): object {
  const traps = new Proxy({}, { get: () => () => raise(new Error('a trap')) })
  return new Proxy(target, traps)
}

function raise(what: unknown): never {
  throw what
}

function withGetter(name: string, get: () => unknown, target: object = {}): object {
  return Object.defineProperty(target, name, { get, enumerable: true })
}

function circle(): object {
  const object: { name: string; self?: object } = { name: 'a' }
  object.self = object
  return object
}

function withMessage(message: unknown): Error {
  const error = new Error('replaced')
  Object.defineProperty(error, 'message', { value: message })
  return error
}

class PaymentDeclined extends Error {}
class NamedDecline extends Error {
  override readonly name = 'CardExpired'
}

/** What another copy of the package makes. */
const foreignRefusal = (fields: Record<PropertyKey, unknown>) =>
  Object.assign(new Error('foreign'), { [Symbol.for('flexaction.ActionError')]: true }, fields)

const anyStack: unknown = expect.stringContaining('\n    at ')
const thrownError = (message: string, stack = anyStack) => ({ kind: 'unexpected', message, stack })
const thrown = (message: string) => ({ kind: 'unexpected', message })
const refused = (message: string, fields?: unknown) => ({
  kind: 'refused',
  message,
  ...(fields !== undefined && { fields }),
})

it.each<[string, unknown, unknown]>([
  ['an error', new TypeError('boom'), thrownError('boom')],
  ['a frozen error', Object.freeze(new Error('frozen')), thrownError('frozen')],
  ['an error without a message', new PaymentDeclined(), thrownError('PaymentDeclined')],
  ['one with a name of its own', new NamedDecline(), thrownError('CardExpired')],
  ['a message that is a list', withMessage(['a', 5]), thrownError('["a",5]')],
  ['a number', withMessage(42), thrownError('42')],
  ['an object', withMessage({ code: 'E42' }), thrownError('{"code":"E42"}')],
  ['undefined', withMessage(undefined), thrownError('Error')],
  ['a symbol', withMessage(Symbol('s')), thrownError('Symbol(s)', expect.any(String) as unknown)],
  [
    'a message that throws',
    withGetter('message', () => raise(5), new Error('x')),
    thrownError('Error (its message cannot be read)', 'Error: Error (its message cannot be read)'),
  ],
  ['a stack that throws', withGetter('stack', () => raise(5), new Error('x')), thrownError('x', 'Error: x')],
  ['a stack that is no text', Object.assign(new Error('x'), { stack: 5 }), thrownError('x', 'Error: x')],
  ['a getter that throws', withGetter('detail', () => raise(5), new Error('x')), thrownError('x')],
  [
    'a cause',
    new Error('fetch failed', { cause: new Error('no route') }),
    thrownError('fetch failed (cause: no route)'),
  ],
  ['a secret', new Error('redis://:secret@host'), thrownError('redis://:***@host')],
  [
    'several errors',
    new AggregateError([new Error('a'), 'b', { c: 1 }, null], ''),
    thrownError('AggregateError: a; b; {"c":1}; null'),
  ],
  [
    'many errors',
    new AggregateError(
      Array.from({ length: 8 }, (_, at) => new Error(`no ${at}`)),
      'all failed',
    ),
    thrownError('all failed: no 0; no 1; no 2; no 3; no 4 (and 3 more)'),
  ],
  ['a text', 'plain', thrown('plain')],
  ['an empty text', '', thrown('the handler threw an empty text')],
  ['undefined', undefined, thrown('the handler threw undefined')],
  ['null', null, thrown('the handler threw null')],
  ['a number', 42, thrown('the handler threw 42')],
  ['a bigint', 10n, thrown('the handler threw 10')],
  ['a large bigint', 10n ** 5_000n, thrown('the handler threw [a number of more than 1000 digits]')],
  ['a symbol', Symbol('s'), thrown('the handler threw Symbol(s)')],
  ['a function', function stop() {}, thrown('the handler threw [function stop]')],
  ['an object', { code: 'E42', reason: 'no money' }, thrown('{"code":"E42","reason":"no money"}')],
  [
    'an object with secrets',
    { password: 'x', list: ['JWT abcdefghi'] },
    thrown('{"password":"[masked]","list":["JWT ***"]}'),
  ],
  ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), thrown('{"a":1}')],
  ['an empty one', Object.create(null), thrown('the handler threw {}')],
  ['a cycle', circle(), thrown('{"name":"a","self":"[circular]"}')],
  ['a getter', withGetter('a', () => raise(5), { b: 1 }), thrown('{"b":1,"a":"[unreadable]"}')],
  ['a toJSON that throws', { toJSON: () => raise(5) }, thrown('the handler threw [unreadable]')],
  ['a revoked proxy', revoked(), thrown('the handler threw [unreadable]')],
  ['a hostile proxy', hostile(), thrown('the handler threw [unreadable]')],
  [
    'odd members',
    {
      a: new Error('x'),
      b: 5n,
      c: Symbol('s'),
      d: () => 1,
      e: new Map([['k', 1]]),
      f: new Set([1]),
      g: new Uint8Array(3),
    },
    thrown('{"a":"x","b":"5","c":"Symbol(s)","e":{"k":1},"f":[1],"g":"[3 bytes]"}'),
  ],
  ['a promise', Promise.resolve(1), thrown('[a promise]')],
  ['a date', new Date(0), thrown('1970-01-01T00:00:00.000Z')],
  ['half a character', 'a\uD800b', thrown('a\uFFFDb')],
  ['a refusal', new ActionError('The account is closed'), refused('The account is closed')],
  ['a refusal of fields', new ActionError({ a: 'x' }), refused('a: x', { a: ['x'] })],
  ['a refusal of another copy', foreignRefusal({ fields: { a: ['x'] } }), refused('foreign', { a: ['x'] })],
  [
    'one with odd fields',
    foreignRefusal({ fields: { a: 5, b: hostile() } }),
    refused('foreign', { a: ['5'], b: ['[unreadable]'] }),
  ],
  ['one with fields that throw', withGetter('fields', () => raise(5), foreignRefusal({})), refused('foreign')],
  ['one without a message', foreignRefusal({ message: undefined }), refused('Error')],
  ['one with a secret', new ActionError({ a: 'Bearer abcdefghij' }), refused('a: Bearer ***', { a: ['Bearer ***'] })],
])('reads what was thrown: %s', (_, value, failure) => {
  expect(readThrown(value)).toStrictEqual(failure)
})

it('keeps within its bounds, and the frames of a stack whose message is long', () => {
  const long = readThrown(new Error('x'.repeat(5_000_000)))
  expect(long.message).toBe(`${'x'.repeat(9_999)}…`)
  expect(long.stack).toMatch(/^Error: x{1000}…\n {4}at /)
  const fields = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`f${at}`, 'y'.repeat(1_000)]))
  const failure = readThrown(new ActionError(fields))
  expect(failure.message).toHaveLength(10_000)
  expect(JSON.stringify(failure.fields).length).toBeLessThan(25_000)
  const deep: { cause?: unknown } & Error = new Error('0')
  let last: { cause?: unknown } = deep
  for (let level = 1; level < 1_000; level++) last = last.cause = new Error(String(level))
  expect(readThrown(deep).stack?.match(/caused by/g)).toHaveLength(5)
})

it('says in the stack what an error carries, and where its causes and errors come from', () => {
  const first = Object.assign(new Error('first'), { code: 'E1', response: {} })
  const { stack } = readThrown(new AggregateError([first, 'second'], 'both', { cause: 'a text' }))
  expect(stack?.replaceAll(/ {4}at .*\n/g, '').replaceAll(/\n {4}at .*/g, '')).toBe(
    'AggregateError: both\none of its errors: Error: first\n    {"code":"E1"}\none of its errors: second\ncaused by: a text',
  )
})

it.each<[string, unknown, unknown]>([
  ['a text', 'no stock', refused('no stock')],
  ['an empty text', '', refused('refused with an empty text, without a reason')],
  ['undefined', undefined, refused('refused without a reason')],
  ['null', null, refused('refused without a reason')],
  ['an object', Object.create(null), refused('refused with {}, without a reason')],
  ['a list', ['a'], refused('["a"]')],
  ['a number', 5, refused('5')],
  ['a revoked proxy', revoked(), refused('refused with [unreadable], without a reason')],
  ['an error', new Error('x'), thrownError('x')],
  ['a refusal', new ActionError('closed'), refused('closed')],
])('reads why a record failed: %s', (_, why, failure) => {
  expect(readWhy(why)).toStrictEqual(failure)
})

it.each<[string, unknown, string | undefined]>([
  ['undefined', undefined, undefined],
  ['null', null, undefined],
  ['a text', 'not today', 'not today'],
  ['an error', new Error('x'), 'x'],
  ['an error without a message', new PaymentDeclined(), 'PaymentDeclined'],
  ['a bigint', 10n, '10'],
  ['a symbol', Symbol(), 'Symbol()'],
  ['NaN', Number.NaN, 'NaN'],
  ['an object', { reason: 'x' }, '{"reason":"x"}'],
  ['a hostile proxy', hostile(new Error('x')), '[unreadable]'],
  ['a secret', 'redis://:p@h', 'redis://:***@h'],
])('reads texts: %s', (_, value, text) => {
  expect(readText(value)).toBe(text)
})

it('reads lines of a log, and progress', () => {
  expect(readText('abcdef', 4)).toBe('abc…')
  expect(readText('x'.repeat(20_000))).toHaveLength(10_000)
  expect(readLogLine('a\r\nb\u2028c\n')).toBe('a b c ')
  expect(readLogLine({ reason: 'x', n: 1n })).toBe('{"reason":"x","n":"1"}')
  expect(readLogLine(undefined)).toBe('undefined')
  expect(readLogLine('x'.repeat(1_000_000))).toHaveLength(4_000)
  const progress = [50, -1, 101, Number.NaN, Number.POSITIVE_INFINITY, '50', 50n, undefined, hostile()]
  expect(progress.map(readProgress)).toStrictEqual([50, 0, 100, ...new Array<undefined>(6).fill(undefined)])
})

const json = (text: string) => ({ kind: 'json', json: text })
const failed = (message: string) => ({ kind: 'failed', failure: refused(message) })
const nothing = { kind: 'nothing' }
const GENERATOR =
  'the handler returned a generator, which was never run: write it as a function (without *), or give the generator to result.file({ name, stream })'

function* generator() {
  yield 1
}
async function* asyncGenerator() {
  yield await Promise.resolve('a')
}
function nested(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = [value]
  return value
}
/** Forty objects, which written as JSON would be a million million. */
function sharedOften(): unknown {
  let value: unknown = undefined
  for (let level = 0; level < 40; level++) value = { a: value, b: value }
  return value
}

/** Twenty million members, none of which JSON writes. */
function emptyOften(): unknown {
  const members = Array.from({ length: 10_000 }, (_, at) => [`k${at}`, undefined])
  const empty: unknown = Object.fromEntries(members)
  return Array.from({ length: 2_000 }, () => empty)
}

it.each<[string, unknown, unknown]>([
  ['undefined', undefined, nothing],
  ['a function', () => 1, nothing],
  ['a symbol', Symbol('s'), nothing],
  ['null', null, json('null')],
  ['a text', 'x', json('"x"')],
  ['NaN', Number.NaN, json('null')],
  ['an object', { a: 1, b: [true, null], c: undefined }, json('{"a":1,"b":[true,null]}')],
  ['dates', { at: new Date(0), never: new Date(Number.NaN) }, json('{"at":"1970-01-01T00:00:00.000Z","never":null}')],
  ['a bigint', 10n, json('"10"')],
  ['bigints inside', { n: 10n, list: [1n, Infinity] }, json('{"n":"10","list":["1",null]}')],
  ['an exact decimal', { price: { toJSON: () => '1.10' } }, json('{"price":"1.10"}')],
  ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), json('{"a":1}')],
  ['the same twice', [new Array(1).fill(0)].flatMap((one) => [one, one]), json('[[0],[0]]')],
  [
    'the same twice, with a bigint',
    ((one) => [one, { one }, one, 1n])({ a: 1 }),
    json('[{"a":1},{"one":{"a":1}},{"a":1},"1"]'),
  ],
  [
    'a list of 20,000',
    Array.from({ length: 20_000 }, () => ({ a: 1 })),
    json(`[${new Array(20_000).fill('{"a":1}').join(',')}]`),
  ],
  ['the deepest', nested(200), json(`${'['.repeat(200)}1${']'.repeat(200)}`)],
  ['a deeper one', nested(201), failed('the result cannot be stored as JSON: it is nested more than 200 levels deep')],
  [
    'a far deeper one',
    nested(100_000),
    failed('the result cannot be stored as JSON: it is nested more than 200 levels deep'),
  ],
  ['a cycle', circle(), failed('the result cannot be stored as JSON: it contains itself')],
  [
    'a long text',
    'x'.repeat(300_000),
    failed(
      'the result is too large: 300002 characters of JSON, at most 256000 are kept; return result.file(…) instead',
    ),
  ],
  ...(
    [
      ['a long list', new Array(1_000_000).fill(1)],
      ['a list of nothing', new Array(4_000_000_000)],
      ['what is shared often', sharedOften()],
      ['much that JSON leaves out', emptyOften()],
      ['many bytes', new Uint8Array(1_000_000)],
      ['large bigints', new Array(1_000).fill(10n ** 100_000n)],
      ['an enormous bigint', 1n << 10_000_000n],
      ['long texts', [1n, ...new Array<string>(100).fill('x'.repeat(10_000))]],
    ] as const
  ).map(([name, value]): [string, unknown, unknown] => [
    name,
    value,
    failed('the result is too large: more than 256000 characters of JSON; return result.file(…) instead'),
  ]),
  ['a generator', generator(), failed(GENERATOR)],
  ['an asynchronous one', asyncGenerator(), failed(GENERATOR)],
  ['an iterator', new Map().values(), failed(GENERATOR)],
  ['an object that only looks like one', { next: 5 }, json('{"next":5}')],
  [
    'a stream',
    new ReadableStream(),
    failed('the handler returned a stream, which was not read: return result.file({ name, stream })'),
  ],
  [
    'a file inside',
    { report: result.file({ name: 'a.txt', content: 'x' }) },
    failed("the file 'a.txt' stands inside of another result: return it alone, or give it to ctx.succeed"),
  ],
  ['a file', result.file({ name: 'a.txt', content: 'x' }), { kind: 'file', options: { name: 'a.txt', content: 'x' } }],
  [
    'what only looks like a file',
    { [Symbol.for('flexaction.file')]: true, options: { name: 'a', content: 5 } },
    failed('the file cannot be stored: its content must be text or bytes'),
  ],
  [
    'a file that cannot be read',
    { [Symbol.for('flexaction.file')]: true, options: hostile() },
    failed('the file cannot be stored: it must have a stream of text or bytes'),
  ],
])('reads what was returned: %s', (_, returned, read) => {
  expect(readResult(returned)).toStrictEqual(read)
})

it.each<[string, unknown]>([
  ['a getter', withGetter('a', () => raise(new Error('a secret detail')))],
  ['toJSON', { toJSON: () => raise(new Error('a secret detail')) }],
  ['a hostile proxy', { a: hostile() }],
  ['a revoked one', { a: revoked() }],
])('refuses what throws while it is read, and says why only for the log: %s', (_, returned) => {
  expect(readResult(returned)).toStrictEqual({
    kind: 'failed',
    failure: {
      ...refused('the result cannot be stored as JSON: it threw an error while it was read'),
      stack: expect.any(String) as unknown,
    },
  })
})

it('takes files apart once, and checks the pieces of their streams', async () => {
  async function* pieces() {
    yield 'a'
    yield await Promise.resolve(new Uint8Array([98]))
    yield 5 as unknown as string
  }
  const read = readResult(result.file({ name: 'a', type: 'text/plain', stream: pieces() }))
  if (read.kind !== 'file') throw new Error(`a file was expected, received ${read.kind}`)
  const brought: unknown[] = []
  await expect(
    (async () => {
      for await (const piece of read.options.stream ?? []) brought.push(piece)
    })(),
  ).rejects.toThrow(new TypeError("a file's stream must bring text or bytes, received 5"))
  expect(brought).toStrictEqual(['a', new Uint8Array([98])])
})

it('makes real promises of whatever must be awaited', async () => {
  const plain = Promise.resolve(5)
  expect(asPromise(plain)).toBe(plain)
  const values = [undefined, null, 5, 'x', {}, { then: 5 }, () => 1]
  expect(values.map(asPromise)).toStrictEqual(values.map(() => undefined))
  const thenable = {
    then: (resolve: (value: unknown) => void) =>
      resolve(Promise.resolve({ then: (done: (v: number) => void) => done(7) })),
  }
  expect(await asPromise(thenable)).toBe(7)
  const odd = [
    withGetter('then', () => raise('its getter')),
    { then: () => raise('its then') },
    Object.assign(Promise.resolve(1), { then: () => raise('replaced') }),
    withGetter('constructor', () => raise('its constructor'), Promise.resolve(1)),
    { then: (_: unknown, reject: (why: unknown) => void) => (reject('first'), raise('second')) },
  ]
  const reasons = await Promise.allSettled(odd.map((one) => asPromise(one) ?? Promise.resolve('no promise')))
  expect(reasons.map((one) => (one.status === 'rejected' ? one.reason : one.value) as unknown)).toStrictEqual([
    'its getter',
    'its then',
    'replaced',
    'its constructor',
    'first',
  ])
  await expect(asPromise(revoked())).rejects.toThrow(TypeError)
})

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
