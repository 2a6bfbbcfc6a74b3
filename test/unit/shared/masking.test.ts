import { ActionError } from '@flexaction/shared'
import { createLogger, maskFields, maskSecrets } from '@flexaction/shared/logging'
import { cutText, maskedText } from '@flexaction/shared/texts'
import { expect, it } from 'vitest'

it.each([
  ['redis://user:secret@host:6379/0', 'redis://user:***@host:6379/0'],
  ['redis://:secret@host', 'redis://:***@host'],
  ['a://u:p@h and b://u:p@h', 'a://u:***@h and b://u:***@h'],
  ['postgres://u:p@ss@host/db', 'postgres://u:***@host/db'],
  ['http://localhost:8080/a@b', 'http://localhost:8080/a@b'],
  ['Authorization: Bearer abcdefgh.ijk', 'Authorization: Bearer ***'],
  ['JWT abcdefgh,ProjectToken abcdefgh', 'JWT ***,ProjectToken ***'],
  ['Token expired', 'Token expired'],
  ['the Tokenizer abcdefghijk', 'the Tokenizer abcdefghijk'],
  ['', ''],
])('masks secrets within texts: %s', (text, masked) => {
  expect(maskSecrets(text)).toBe(masked)
})

it.each([
  ['Bearer abcdefghijklmnop', 10, 'Bearer **…'],
  ['Bearer abcdefghijklmnop', 12, 'Bearer ***…'],
  ['redis://user:password@host', 17, 'redis://user:***…'],
  ['redis://user:password@host', 25, 'redis://user:***@…'],
  ['a long text', 7, 'a long…'],
  ['a long text', 11, 'a long text'],
  ['smile 😀 more', 8, 'smile …'],
  ['smile 😀 more', 9, 'smile 😀…'],
  ['half \uD83D of it', 20, 'half \uFFFD of it'],
])('masks what the cut divides: %s at %d', (text, most, masked) => {
  expect(maskedText(text, most)).toBe(masked)
  expect(masked.length).toBeLessThanOrEqual(most)
})

it('cuts texts in time that does not depend on their end', () => {
  expect(cutText('x'.repeat(10_000_000), 5)).toBe('xxxx…')
})

const PIECES = [
  ...['a', 'a:', '://', 'Bearer ', '://a:', 'a://b:c', 'Token', 'Bearer \t', '://a@', '@', ' ', 'x.', '://x:y@', '='],
  ...['Bearer aaaaaaaa ', 'Token Token-', 'JWT =', 'a+.-', 'JWTJWT ', '://:'],
]

it.each(PIECES.map((piece) => [piece]))('masks in linear time: %j, again and again', (piece) => {
  const long = piece.repeat(2_000_000 / piece.length)
  for (const cut of [false, true]) {
    // A hundred times of the length took ten thousand times of 20 ms when it was quadratic: more than three minutes.
    const short = fastest(5, () => maskSecrets(long.slice(0, 20_000), cut))
    expect(fastest(2, () => maskSecrets(long, cut))).toBeLessThan(1_000 + 100 * short)
  }
})

function fastest(times: number, work: () => unknown): number {
  return Math.min(
    ...Array.from({ length: times }, () => {
      const began = performance.now()
      work()
      return performance.now() - began
    }),
  )
}

it('masks values of secret keys at any depth, and never throws', () => {
  const odd = {
    get broken(): string {
      throw new Error('no')
    },
    api_token: 'x',
    list: [{ 'X-Api-Key': 5 }, 'redis://:p@h', null, 5n],
    revoked: revoked(),
  }
  expect(maskFields(odd)).toStrictEqual({
    broken: '[unreadable]',
    api_token: '[masked]',
    list: [{ 'X-Api-Key': '[masked]' }, 'redis://:***@h', null, 5n],
    revoked: '[unreadable]',
  })
})

it('goes a hundred levels down, and into cycles no further', () => {
  const circle: { circle?: unknown } = {}
  circle.circle = circle
  expect(JSON.stringify(maskFields(circle))).toBe(`${'{"circle":'.repeat(100)}"…"${'}'.repeat(100)}`)
})

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function logged(err: unknown): Record<string, unknown> {
  const lines: string[] = []
  createLogger('test', 'info', { write: (line) => void lines.push(line) }).warn({ err }, 'odd')
  expect(lines).toHaveLength(1)
  expect(lines[0]?.length).toBeLessThan(100_000)
  const { err: written, msg } = JSON.parse(lines[0] ?? '') as { err: Record<string, unknown>; msg: string }
  expect(msg).toBe('odd')
  return written
}

it('logs what an error carries, and its causes', () => {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  const error = Object.assign(new TypeError('fetch failed for Bearer abcdefghijk', { cause }), {
    code: 'E42',
    token: 'hidden',
    response: { body: 'x'.repeat(1_000_000) },
  })
  expect(logged(error)).toStrictEqual({
    type: 'TypeError',
    message: 'fetch failed for Bearer ***',
    code: 'E42',
    token: '[masked]',
    stack: expect.stringMatching(
      /^TypeError: fetch failed for Bearer \*\*\*\n {4}at [^]*\n {4}\{"code":"E42","token":"\[masked\]"\}\ncaused by: Error: connect ECONNREFUSED\n {4}at [^]*\n {4}\{"code":"ECONNREFUSED"\}$/,
    ) as unknown,
  })
})

it.each<[string, () => unknown, unknown]>([
  ['a text', () => 'plain', 'plain'],
  ['nothing', () => undefined, undefined],
  ['null', () => null, 'null'],
  ['a revoked proxy', revoked, '[unreadable]'],
  ['an object', () => ({ reason: 'x', password: 'y' }), '{"reason":"x","password":"[masked]"}'],
  ['a failure', () => ({ kind: 'unexpected', message: 'm' }), { type: 'Error', message: 'm', kind: 'unexpected' }],
])('logs what is no error: %s', (_, make, written) => {
  expect(logged(make())).toStrictEqual(written)
})

it('logs odd errors, and large ones within bounds', () => {
  const large = new Error('x'.repeat(3_000_000))
  const written = logged(large) as { message: string; stack: string }
  expect(written.message).toBe(`${'x'.repeat(9_999)}…`)
  expect(written.stack).toMatch(/^Error: x{1000}…\n {4}at /)
  const deep = new Error('deep')
  Object.defineProperty(deep, 'message', { get: () => deep })
  expect(logged(deep)).toMatchObject({ type: 'Error', message: 'Error' })
  const circle = new Error('circle')
  circle.cause = circle
  expect(logged(Object.freeze(circle))).toMatchObject({ type: 'Error', message: 'circle' })
  expect(logged(new Proxy(new Error('behind a proxy'), {}))).toMatchObject({ message: 'behind a proxy' })
})

const any = (value: unknown): never => value as never

it.each<[string, unknown, message: string, fields?: unknown]>([
  ['nothing', undefined, 'refused without a reason'],
  ['null', null, 'refused without a reason'],
  ['an empty text', '', 'refused without a reason'],
  ['no fields', {}, 'refused without a reason'],
  ['a number', 42, '42'],
  ['a symbol', Symbol('s'), 'Symbol(s)'],
  ['a bigint', 10n, '10'],
  ['an error', new Error('x'), 'x'],
  ['a list', ['a', 5], 'a; 5'],
  ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
  ['a revoked proxy', revoked(), '[unreadable]'],
  ['fields', { a: 'x', b: ['y', 'z'] }, 'a: x; b: y, z', { a: ['x'], b: ['y', 'z'] }],
  ['odd fields', { a: 5, b: [null, {}], c: undefined }, 'a: 5; b: null, {}', { a: ['5'], b: ['null', '{}'] }],
  ['a field that throws', throwing(), 'field: [unreadable]', { field: ['[unreadable]'] }],
])('makes a refusal of anything: %s', (_, given, message, fields) => {
  const error = new ActionError(any(given), any(throwing()))
  expect({ ...(error as object), message: error.message, is: ActionError.is(error) }).toStrictEqual({
    name: 'ActionError',
    message,
    fields,
    is: true,
    [Symbol.for('flexaction.ActionError')]: true,
  })
})

function throwing(): object {
  return {
    get field(): never {
      throw new Error('no')
    },
  }
}

it('tells refusals from anything else without throwing', () => {
  for (const other of [undefined, null, 5, 'x', {}, revoked(), new Error('x'), throwing()])
    expect(ActionError.is(other)).toBe(false)
  expect(ActionError.is(Object.freeze(new ActionError('x')))).toBe(true)
})
