import { ActionError } from '@flexaction/shared'
import { readLogLine, readProgress, readText, readThrown, readWhy } from '@flexaction/worker/values/index'
import { expect, it } from 'vitest'
import {
  revoked,
  hostile,
  raise,
  withGetter,
  circle,
  withMessage,
  PaymentDeclined,
  NamedDecline,
  foreignRefusal,
  refused,
} from './odd-values.js'

const anyStack: unknown = expect.stringContaining('\n    at ')
const thrownError = (message: string, stack = anyStack) => ({ kind: 'unexpected', message, stack })
const thrown = (message: string) => ({ kind: 'unexpected', message })
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
