import { ActionError, defineAction, records, type RecordId } from '@flexaction/shared'
import { expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { System } from '../harness/system.js'
import { until } from '../harness/until.js'
import { withResolvers } from '../harness/with-resolvers.js'

const noop = (called: RecordId[] = []) =>
  defineAction({ name: 'note', target: records('users'), run: ({ id }) => void called.push(id) })

it('makes one run of 50 requests with the same Idempotency-Key that come at once', async () => {
  const called: RecordId[] = []
  await using system = await System.start({ actions: [noop(called)] })
  const send = () => system.send('execute_action', { name: 'note', ids: [1, 2] }, { 'idempotency-key': 'order-17' })

  const answers = await Promise.all(Array.from({ length: 50 }, send))

  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
  expect(new Set(answers.map(({ headers }) => headers.get('x-run-id'))).size).toBe(1)
  expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true').length).toBe(49)
  expect([...called].sort()).toEqual([1, 2])
})

it('refuses an Idempotency-Key that comes with another request, and takes it from another user', async () => {
  await using system = await System.start({ actions: [noop()] })
  const send = (ids: number[], key = 'order-17', token = 'admin-token-for-tests') =>
    system.send('execute_action', { name: 'note', ids }, { 'idempotency-key': key, authorization: `Token ${token}` })
  await send([1])

  const other = await send([2])
  const users = await send([2], 'order-17', 'operator-token-for-tests')
  const odd = await send([1], 'a key')

  expect([other.status, await other.json()]).toEqual([
    409,
    { detail: 'This Idempotency-Key was used for another request: use a new key' },
  ])
  expect(users.status).toBe(201)
  expect([odd.status, await odd.json()]).toEqual([
    400,
    { non_field_errors: ['Idempotency-Key must be 1 to 255 visible ASCII characters, such as a UUID'] },
  ])
})

it('joins requests for one record each, and gives each caller its own outcome', async () => {
  const called: RecordId[] = []
  const tidy = defineAction({
    name: 'tidy',
    target: records('users'),
    coalesce: '300ms',
    run: ({ id }) => {
      called.push(id)
      if (id === 3) throw new ActionError('it is locked')
      if (id === 4) throw new Error('the database is away')
      return { tidied: id }
    },
  })
  await using system = await System.start({ actions: [tidy] })

  const answers = await Promise.all([1, 2, 3, 4, 2].map((id) => system.send('execute_action', { name: 'tidy', id })))
  const apart = await system.send('execute_action', { name: 'tidy', ids: [9, 10] })

  const runs = new Set(answers.map(({ headers }) => headers.get('x-run-id')))
  expect(runs.size).toBe(1)
  expect(runs.has(apart.headers.get('x-run-id'))).toBe(false)
  expect(await Promise.all(answers.map(async (answer) => [answer.status, await answer.json()]))).toEqual([
    [201, { tidied: 1 }],
    [201, { tidied: 2 }],
    [400, { non_field_errors: ['it is locked'] }],
    [500, { detail: expect.stringContaining('The action failed unexpectedly (request id ') as string }],
    [201, { tidied: 2 }],
  ])
  expect([...called].sort((a, b) => Number(a) - Number(b))).toEqual([1, 2, 3, 4, 9, 10])
})

it('ends a run that did not start in time as expired, also while no worker lives', async () => {
  const called: RecordId[] = []
  const urgent = defineAction({
    name: 'urgent',
    target: records('users'),
    startWithin: '1s',
    run: ({ id }) => void called.push(id),
  })
  await using system = await System.start({ actions: [urgent] })
  await system.workers[0]?.stop()

  const run = await system.begin({ name: 'urgent', ids: range(1, 1_000) })

  expect(await system.runIn(['expired'], run)).toMatchObject({ counts: { expired: 1_000, waiting: 0 } })
  expect((await system.items(run)).every(({ state, attempts }) => state === 'expired' && attempts === 0)).toBe(true)
  await system.addWorker()
  await system.send('execute_action', { name: 'urgent', id: 'later' })
  expect(called).toEqual(['later'])
})

it('refuses new work while too much is waiting, and takes it when that has been worked off', async () => {
  const gate = withResolvers()
  const slow = defineAction({ name: 'slow', target: records('users'), run: () => gate.promise })
  await using system = await System.start({
    actions: [slow],
    env: { MAX_PENDING_ITEMS: '100', RECONCILE_EVERY: '200ms' },
  })
  const first = await system.begin({ name: 'slow', ids: range(1, 60) })

  const refused = await system.send('execute_action', { name: 'slow', ids: range(1, 41) }, { prefer: 'respond-async' })

  expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toEqual([
    503,
    '5',
    {
      detail:
        'Too much is waiting already: 60 items, at most 100 are allowed and 41 more were sent. Nothing was done; ' +
        'try again when some have ended',
    },
  ])
  await system.begin({ name: 'slow', ids: range(1, 40) })
  gate.resolve()
  await system.runIn(['succeeded'], first)
  await until('the next to be accepted', async () => {
    const answer = await system.send('execute_action', { name: 'slow', ids: range(1, 90) }, { prefer: 'respond-async' })
    return answer.status === 202
  })
  expect(((await (await system.get('/api/runs')).json()) as { runs: unknown[] }).runs.length).toBe(3)
})

it('keeps only so many ended runs, and only for so long', async () => {
  await using system = await System.start({ actions: [noop()], env: { RUNS_KEPT: '3', RECONCILE_EVERY: '200ms' } })
  const runs: string[] = []
  for (const id of range(1, 6)) {
    const answer = await system.send('execute_action', { name: 'note', id })
    runs.push(answer.headers.get('x-run-id') ?? '')
  }

  const list = async () => (await (await system.get('/api/runs?action=note')).json()) as { runs: { id: string }[] }
  await until('the oldest to be gone', async () => (await list()).runs.length === 3)

  expect((await list()).runs.map(({ id }) => id)).toEqual(runs.slice(3).reverse())
  expect((await system.get(`/api/runs/${runs[0]}`)).status).toBe(404)
})

it('removes ended runs by age, from every list', async () => {
  await using system = await System.start({ actions: [noop()], env: { RUN_RETENTION: '1s', RECONCILE_EVERY: '200ms' } })
  await system.send('execute_action', { name: 'note', id: 1 })

  await until('nothing to be left of it', async () => {
    const left = await system.keys()
    return left.every((key) => !key.includes(':run')) && left
  })
})
