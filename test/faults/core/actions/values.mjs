// Handlers that throw, return, and say odd things. The record's id names the thing; 'fine' is an ordinary record.
import { ActionError, defineAction, records } from 'flexaction'

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
const cyclic = () => {
  /** @type {Record<string, unknown>} */
  const value = { why: 'a cycle' }
  value['self'] = value
  return value
}
/** An Error whose message is something else. @param {unknown} message */
const withMessage = (message) => Object.defineProperty(new Error('first'), 'message', { value: message })
const throwing = () => {
  throw new Error('a getter that throws')
}

/** @type {Record<string, () => unknown>} */
const things = {
  'frozen error': () => Object.freeze(new Error('a frozen text')),
  'error: array as message': () => withMessage(['first of two', 'second']),
  'error: number as message': () => withMessage(4_711),
  'error: object as message': () => withMessage({ reason: 'no such account' }),
  'error: symbol as message': () => withMessage(Symbol('sign')),
  'error: getter as message': () => Object.defineProperty(new Error('first'), 'message', { get: throwing }),
  'error: getter as stack': () => Object.defineProperty(new Error('its text'), 'stack', { get: throwing }),
  'error: object as stack': () => Object.defineProperty(new Error('its text'), 'stack', { value: { odd: true } }),
  'error: enumerable getter': () =>
    Object.defineProperty(new Error('its text'), 'details', { get: throwing, enumerable: true }),
  'error: cyclic cause': () => {
    const error = new Error('its text')
    error.cause = error
    return error
  },
  'error: null as name': () => Object.assign(new Error('its text'), { name: null }),
  'null prototype': () => Object.assign(Object.create(null), { reason: 'no such account' }),
  'empty null prototype': () => Object.create(null),
  'revoked proxy': revoked,
  'plain object': () => ({ reason: 'no such account', code: 17 }),
  'object with a message': () => ({ message: 'no such account' }),
  'throwing toJSON': () => ({ toJSON: throwing }),
  'throwing toString': () => ({ toString: throwing, [Symbol.toPrimitive]: throwing }),
  cyclic,
  array: () => ['no such account', 17],
  text: () => 'no such account',
  symbol: () => Symbol('sign'),
  bigint: () => 10n,
  'object with bigint': () => ({ amount: 10n }),
  function: () => () => 1,
  'the value undefined': () => undefined,
  'the value null': () => null,
  nan: () => Number.NaN,
  'refusal without message': () => Object.assign(new ActionError('first'), { message: undefined }),
  'refusal with odd fields': () => Object.assign(new ActionError('its text'), { fields: { amount: Symbol('sign') } }),
  'rejected promise': () => Promise.reject(new Error('its text')),
  thenable: () => ({ then: throwing }),
  generator: () =>
    (function* () {
      yield 1
    })(),
  'async generator': () =>
    (async function* () {
      yield 1
    })(),
}

/** @param {string} id */
const make = (id) => things[id]?.()

export default [
  defineAction({
    name: 'throws',
    target: records('users', { batchSize: 10 }),
    run: ({ id }) => {
      if (id === 'fine') return { fine: true }
      throw make(String(id))
    },
  }),
  defineAction({
    name: 'returns',
    target: records('users', { batchSize: 10 }),
    run: ({ id }) => (id === 'fine' ? { fine: true } : make(String(id))),
  }),
  // The first id names the thing, the second is settled with it, the third with what is ordinary.
  defineAction({
    name: 'says',
    target: records('users', { bulk: true }),
    run: ({ ids: [thing, subject], ctx }) => {
      const [word, ...name] = String(thing).split(' with ')
      const value = /** @type {any} */ (make(name.join(' with ')))
      if (word === 'skip' || word === 'fail' || word === 'succeed') ctx[word](/** @type {any} */ (subject), value)
      if (word === 'log' || word === 'progress') ctx[word](value)
    },
  }),
  ...(process.env['ODD_HANDLERS']
    ? [
        defineAction({
          name: 'generates',
          target: records('users'),
          run: function* () {
            yield 1
          },
        }),
      ]
    : []),
]
