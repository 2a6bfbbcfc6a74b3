import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from '../../harness/until.js'
import type { AppProcess } from '../harness/app-process.js'
import type { Installation, ItemBody } from '../harness/installation.js'
import { begin, startCore } from './start.js'

const TERMINAL = ['succeeded', 'completed_with_failures', 'failed']

let installation: Installation
beforeAll(async () => {
  installation = await startCore({ workers: 1 })
})
afterAll(async () => installation[Symbol.asyncDispose]())

/** The worker that takes what is sent now. Where one died of what went before, all begins anew. */
async function livingWorker(): Promise<AppProcess> {
  if (!installation.workers[0]?.alive) {
    await installation[Symbol.asyncDispose]()
    installation = await startCore({ workers: 1 })
  }
  return installation.workers[0] as AppProcess
}

/** What became of the records, and whether the worker is still the one that it was. */
async function outcomes(name: string, ids: string[]): Promise<ItemBody[]> {
  const worker = await livingWorker()
  const run = await begin(installation, { name, ids })
  await until(
    'the run to end, or its worker',
    async () => !worker.alive || TERMINAL.includes((await installation.run(run)).state),
    4_000,
  )
  const items = await installation.items(run)
  // Its next run shows that it lives.
  const next = await begin(installation, { name: 'returns', ids: ['fine'] })
  await until(
    'the next run to end, or the worker',
    async () => !worker.alive || (await installation.run(next)).state === 'succeeded',
    3_000,
  )
  expect(worker.alive, `the worker ended of it:\n${worker.output.slice(-600)}`).toBe(true)
  return items
}

// What a person must be able to read of it. An empty text stands for those of which nothing can be said.
const THROWN: [string, RegExp][] = [
  ['frozen error', /a frozen text/],
  ['error: array as message', /first of two/],
  ['error: number as message', /4711/],
  ['error: object as message', /no such account/],
  ['error: symbol as message', /sign/],
  ['error: getter as message', /./],
  ['error: getter as stack', /its text/],
  ['error: object as stack', /its text/],
  ['error: enumerable getter', /its text/],
  ['error: cyclic cause', /its text/],
  ['error: null as name', /its text/],
  ['null prototype', /no such account/],
  ['empty null prototype', /./],
  ['revoked proxy', /./],
  ['plain object', /no such account/],
  ['object with a message', /no such account/],
  ['throwing toJSON', /./],
  ['throwing toString', /./],
  ['cyclic', /a cycle/],
  ['array', /no such account/],
  ['text', /no such account/],
  ['symbol', /sign/],
  ['bigint', /10/],
  ['object with bigint', /10/],
  ['function', /./],
  ['the value undefined', /./],
  ['the value null', /./],
  ['nan', /./],
  ['refusal without message', /./],
  ['refusal with odd fields', /./],
  ['generator', /./],
]

it.each(THROWN)('P15: a record whose handler throws this fails alone, and says why: %s', async (thing, readable) => {
  const [odd, fine] = await outcomes('throws', [thing, 'fine'])

  expect([odd?.state, fine?.state]).toEqual(['failed', 'succeeded'])
  expect(odd?.message).toMatch(readable)
  expect(odd?.message).not.toMatch(/\[object Object\]|^\{\}$/)
})

/** What can be stored succeeds; what cannot fails, and says why. */
const RETURNED: [string, 'succeeded' | 'failed' | 'either'][] = [
  ['plain object', 'succeeded'],
  ['object with bigint', 'succeeded'],
  ['bigint', 'succeeded'],
  ['nan', 'succeeded'],
  ['null prototype', 'succeeded'],
  ['the value undefined', 'succeeded'],
  ['the value null', 'succeeded'],
  ['cyclic', 'failed'],
  ['throwing toJSON', 'failed'],
  ['revoked proxy', 'failed'],
  ['thenable', 'failed'],
  ['rejected promise', 'failed'],
  ['generator', 'failed'],
  ['async generator', 'failed'],
  ['symbol', 'either'],
  ['function', 'either'],
  ['frozen error', 'either'],
  ['error: enumerable getter', 'either'],
]

it.each(RETURNED)('P15: a record whose handler returns this ends, alone: %s, %s', async (thing, state) => {
  const [odd, fine] = await outcomes('returns', [thing, 'fine'])

  expect(fine?.state).toBe('succeeded')
  expect(odd?.state).toMatch(state === 'either' ? /^(succeeded|failed)$/ : state)
  if (odd?.state === 'failed') expect(odd.message).toMatch(/./)
})

const SAID: [string, RegExp][] = [
  ['skip with bigint', /10/],
  ['skip with symbol', /sign/],
  ['skip with frozen error', /a frozen text/],
  ['skip with plain object', /no such account/],
  ['skip with cyclic', /a cycle/],
  ['fail with frozen error', /a frozen text/],
  ['fail with empty null prototype', /./],
  ['fail with revoked proxy', /./],
  ['fail with plain object', /no such account/],
  ['fail with the value undefined', /./],
  ['fail with throwing toString', /./],
]

it.each(SAID)(
  'P15: one id of a bulk call is settled with an odd reason that can be read: %s',
  async (thing, readable) => {
    const [named, subject, other] = await outcomes('says', [thing, 'subject', 'other'])

    expect([named?.state, subject?.state, other?.state]).toEqual([
      'succeeded',
      thing.startsWith('skip') ? 'skipped' : 'failed',
      'succeeded',
    ])
    expect(subject?.message).toMatch(readable)
    expect(subject?.message).not.toMatch(/\[object Object\]|^\{\}$/)
  },
)

it.each([
  'succeed with revoked proxy',
  'succeed with cyclic',
  'succeed with bigint',
  'succeed with symbol',
  'succeed with generator',
  'log with plain object',
  'log with symbol',
  'log with empty null prototype',
  'log with revoked proxy',
  'log with bigint',
  'progress with symbol',
  'progress with nan',
  'progress with bigint',
  'progress with revoked proxy',
])('P15: what a bulk call says ends no more than its id: %s', async (thing) => {
  const items = await outcomes('says', [thing, 'subject', 'other'])

  expect(items[0]?.state).toBe('succeeded')
  expect(items[1]?.state).toMatch(/^(succeeded|failed)$/)
  expect(items[2]?.state).toBe('succeeded')
})

it.each([
  ['plain object', /no such account/],
  ['frozen error', /a frozen text/],
  ['bigint', /10/],
])('a line of the log that is no text can be read: %s', async (thing, readable) => {
  await livingWorker()
  const run = await begin(installation, { name: 'says', ids: [`log with ${thing}`, 'subject'] })
  await installation.runIn(['succeeded'], run, 4_000)

  const log = await until(
    'the line to be there',
    async () => {
      const text = await (await installation.get(`/api/runs/${run}/log?record=subject`)).text()
      return text.length > '{"lines":[]}'.length && text
    },
    3_000,
  )
  expect(log).toMatch(readable)
})

it('a generator as a handler is refused, when it is loaded or when it is called, and says so', async () => {
  const worker = installation.spawn('worker', { WORKER_GROUP: 'odd', ODD_HANDLERS: 'yes' })
  const started = await until(
    'the worker to start, or to refuse to',
    () => (worker.alive ? worker.log.some(({ msg }) => msg === 'ready') && 'ready' : 'refused'),
    10_000,
  )
  if (started === 'refused') {
    expect(worker.output).toMatch(/'generates'.*generator/s)
    return
  }
  const run = await until('the action to be known', () =>
    begin(installation, { name: 'generates', id: 1 }).catch(() => undefined),
  )
  expect((await installation.runIn(['failed', 'succeeded'], run, 4_000)).state).toBe('failed')
  expect((await installation.items(run))[0]?.message).toMatch(/generator/)
})
