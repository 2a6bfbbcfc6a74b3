import { result } from '@flexaction/shared'
import { asPromise, readResult } from '@flexaction/worker/values/index'
import { expect, it } from 'vitest'
import { revoked, hostile, raise, withGetter, circle, generator, refused } from './odd-values.js'

const json = (text: string) => ({ kind: 'json', json: text })
const failed = (message: string) => ({ kind: 'failed', failure: refused(message) })
const nothing = { kind: 'nothing' }
const GENERATOR =
  'the handler returned a generator, which was never run: write it as a function (without *), or give the generator to result.file({ name, stream })'

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
