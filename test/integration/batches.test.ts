import { ActionError, defineAction, records, type RecordId } from '@flexaction/shared'
import { expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { System } from '../harness/system.js'
import { until } from '../harness/until.js'
import { withResolvers } from '../harness/with-resolvers.js'

it('calls each of many records once, over several workers and many batches', async () => {
  const calls = new Map<RecordId, number>()
  const count = defineAction({
    name: 'count',
    target: records('users'),
    run: ({ id }) => void calls.set(id, (calls.get(id) ?? 0) + 1),
  })
  await using system = await System.start({ actions: [count], workers: 2 })

  const answer = await system.send(
    'execute_action',
    { name: 'count', ids: range(1, 20_000) },
    { prefer: 'respond-async' },
  )
  const id = answer.headers.get('x-run-id') ?? ''

  expect(await system.runIn(['succeeded'], id)).toMatchObject({
    total: 20_000,
    counts: { waiting: 0, active: 0, succeeded: 20_000, failed: 0 },
  })
  expect(calls.size).toBe(20_000)
  expect([...calls.values()].every((times) => times === 1)).toBe(true)
  const items = await system.items(id)
  expect(items.map((item) => item.id)).toEqual(range(1, 20_000))
  expect(new Set(items.map((item) => `${item.state} ${item.attempts}`))).toEqual(new Set(['succeeded 1']))
})

it('gives a bulk handler whole batches, and lets it settle ids one by one', async () => {
  const calls: (readonly RecordId[])[] = []
  const tidy = defineAction({
    name: 'tidy',
    target: records('users', { bulk: true, batchSize: 4 }),
    run: ({ ids, ctx }) => {
      calls.push(ids)
      if (ids.includes(2)) ctx.fail(2, 'it is locked')
      if (ids.includes(3)) ctx.skip(3, 'tidy already')
      if (ids.includes(5)) ctx.succeed(5, { moved: true })
    },
  })
  await using system = await System.start({ actions: [tidy] })

  const answer = await system.send('execute_action', { name: 'tidy', ids: range(1, 6) })

  expect(answer.status).toBe(201)
  expect(await answer.json()).toMatchObject({ result: false, errors: [{ id: 2, message: 'it is locked' }] })
  expect([...calls].sort((a, b) => Number(a[0]) - Number(b[0]))).toEqual([
    [1, 2, 3, 4],
    [5, 6],
  ])
  const items = await system.items(answer.headers.get('x-run-id') ?? '')
  expect(items.map(({ id, state, message }) => [id, state, message])).toEqual([
    [1, 'succeeded', undefined],
    [2, 'failed', 'it is locked'],
    [3, 'skipped', 'tidy already'],
    [4, 'succeeded', undefined],
    [5, 'succeeded', undefined],
    [6, 'succeeded', undefined],
  ])
})

it('repeats an item whose handler threw, as the action declares, and not one that was refused', async () => {
  const calls: RecordId[] = []
  const keys = new Set<string>()
  const flaky = defineAction({
    name: 'flaky',
    target: records('users'),
    retry: { attempts: 3, backoff: { type: 'fixed', delay: '20ms' } },
    run: ({ id, ctx }) => {
      calls.push(id)
      if (id === 1 && ctx.attempt < 3) throw new Error('not yet')
      if (id === 2) throw new ActionError('never')
      if (id === 3) throw new Error('always')
      if (id === 1) keys.add(ctx.idempotencyKey)
    },
  })
  await using system = await System.start({ actions: [flaky] })

  const answer = await system.send('execute_action', { name: 'flaky', ids: [1, 2, 3] })

  expect(answer.status).toBe(201)
  expect([...calls].sort((a, b) => Number(a) - Number(b))).toEqual([1, 1, 1, 2, 3, 3, 3])
  const items = await system.items(answer.headers.get('x-run-id') ?? '')
  expect(items.map(({ id, state, attempts, message }) => [id, state, attempts, message])).toEqual([
    [1, 'succeeded', 3, undefined],
    [2, 'failed', 1, 'never'],
    [3, 'failed', 3, 'always'],
  ])
})

it('frees the slot of a handler that outlives its timeout, and discards what it brings late', async () => {
  const gate = withResolvers<string>()
  let aborted = false
  const stuck = defineAction({
    name: 'stuck',
    target: records('users'),
    timeout: '100ms',
    limits: { perWorker: 1 },
    run: async ({ id, ctx }) => {
      if (id !== 1) return 'quick'
      ctx.signal.addEventListener('abort', () => {
        aborted = true
      })
      return await gate.promise
    },
  })
  await using system = await System.start({ actions: [stuck] })

  const answer = await system.send('execute_action', { name: 'stuck', ids: [1, 2] })
  gate.resolve('late')

  expect(aborted).toBe(true)
  const items = await system.items(answer.headers.get('x-run-id') ?? '')
  expect(items.map(({ id, state, message }) => [id, state, message])).toEqual([
    [1, 'failed', 'timed out after 100 ms'],
    [2, 'succeeded', undefined],
  ])
})

it('gives interrupted items back at shutdown, without having spent an attempt', async () => {
  const started = withResolvers()
  let calls = 0
  const patient = defineAction({
    name: 'patient',
    target: records('users'),
    run: async ({ ctx }) => {
      calls++
      if (calls > 1) return
      started.resolve()
      await new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(new Error('stopped'))))
    },
  })
  await using system = await System.start({ actions: [patient], env: { SHUTDOWN_DEADLINE: '0s' } })
  const answer = await system.send('execute_action', { name: 'patient', id: 1 }, { prefer: 'respond-async' })
  const id = answer.headers.get('x-run-id') ?? ''
  await started.promise

  await system.workers[0]?.stop()
  await system.runIn(['running'], id)
  await system.addWorker()

  await system.runIn(['succeeded'], id)
  expect((await system.items(id)).map(({ state, attempts }) => [state, attempts])).toEqual([['succeeded', 1]])
})

it('lets a small run in while a large one of the same action is on', async () => {
  const gate = withResolvers()
  let large = 0
  const share = defineAction({
    name: 'share',
    target: records('users'),
    limits: { perWorker: 2 },
    run: async ({ id }) => {
      if (id === 'small') return
      large++
      if (large > 20) await gate.promise
    },
  })
  await using system = await System.start({ actions: [share] })
  const big = await system.send('execute_action', { name: 'share', ids: range(1, 2_000) }, { prefer: 'respond-async' })
  await until('the large run to be under way', () => large > 0)

  const small = await system.send('execute_action', { name: 'share', id: 'small' }, { prefer: 'respond-async' })
  gate.resolve()
  await system.runIn(['succeeded'], small.headers.get('x-run-id') ?? '')

  await system.runIn(['succeeded'], big.headers.get('x-run-id') ?? '')
})

it('refuses to start a worker of another group that describes a served action differently', async () => {
  const one = defineAction({ name: 'same', target: records('users'), run: () => undefined })
  const other = defineAction({ name: 'same', target: records('users'), icon: 'star', run: () => undefined })
  await using system = await System.start({ actions: [one] })

  await expect(system.addWorker({ actions: [other], env: { WORKER_GROUP: 'second' } })).rejects.toThrow(
    "Group 'second' describes actions differently than another group whose workers are alive: same.records.users (group 'default').",
  )
  expect(((await (await system.send('get_action_list', null)).json()) as unknown[]).length).toBe(1)
})
