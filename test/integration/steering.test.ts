import { defineAction, records, type RecordId } from '@flexaction/shared'
import { expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { System, TOKENS } from '../harness/system.js'
import { until } from '../harness/until.js'
import { withResolvers } from '../harness/with-resolvers.js'

it('cancels what was not begun, tells running handlers to stop, and keeps what had ended', async () => {
  const called: RecordId[] = []
  const aborted: RecordId[] = []
  const slow = defineAction({
    name: 'slow',
    target: records('users'),
    limits: { perWorker: 2 },
    run: async ({ id, ctx }) => {
      called.push(id)
      if (id === 1) return 'done'
      await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve))
      aborted.push(id)
      throw new Error('stopped')
    },
  })
  await using system = await System.start({ actions: [slow], workers: 2 })
  const run = await system.begin({ name: 'slow', ids: range(1, 1_000) })
  await until('both workers to be busy', () => called.length === 5)

  const answer = await system.steer(run, 'cancel')

  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({
    state: 'cancelled',
    counts: { waiting: 0, active: 0, succeeded: 1, cancelled: 999, failed: 0 },
  })
  expect(called.length).toBe(5)
  expect(aborted.length).toBe(4)
  const items = await system.items(run)
  expect(items.filter(({ state }) => state === 'succeeded').map(({ id }) => id)).toEqual([1])
  expect(items.filter(({ attempts }) => attempts > 0).length).toBe(5)
  expect(items.find(({ id }) => id === aborted[0])).toMatchObject({
    state: 'cancelled',
    attempts: 1,
    message: 'cancelled while it was running',
  })
  const again = await system.steer(run, 'cancel')
  expect([again.status, await again.json()]).toEqual([
    409,
    {
      detail: 'Cannot cancel this run, it is cancelled: only runs that have not ended can be cancelled',
      code: 'conflict',
    },
  ])
})

it('cancels a run that nobody has begun, and a paused one', async () => {
  const idle = defineAction({ name: 'idle', target: records('users'), run: () => undefined })
  await using system = await System.start({ actions: [idle] })
  await system.workers[0]?.stop()
  const waiting = await system.begin({ name: 'idle', ids: range(1, 50_000) })
  const paused = await system.begin({ name: 'idle', ids: [1, 2] })
  expect(await (await system.steer(paused, 'pause')).json()).toMatchObject({ state: 'paused' })

  for (const run of [waiting, paused]) {
    expect(await (await system.steer(run, 'cancel')).json()).toMatchObject({ state: 'cancelled' })
  }
  expect((await system.items(waiting)).every(({ state, attempts }) => state === 'cancelled' && attempts === 0)).toBe(
    true,
  )
})

it('pauses: calls in flight end, nothing more begins, and a resumed run calls each record once', async () => {
  const gate = withResolvers()
  const called: RecordId[] = []
  const gated = defineAction({
    name: 'gated',
    target: records('users'),
    limits: { perWorker: 3 },
    run: async ({ id }) => {
      called.push(id)
      await gate.promise
    },
  })
  await using system = await System.start({ actions: [gated], workers: 2 })
  const run = await system.begin({ name: 'gated', ids: range(1, 2_000) })
  await until('both workers to be busy', () => called.length === 6)

  expect(await (await system.steer(run, 'pause')).json()).toMatchObject({ state: 'paused' })
  gate.resolve()
  await until('the calls in flight to have ended', async () => {
    const { counts } = (await (await system.get(`/api/runs/${run}`)).json()) as { counts: Record<string, number> }
    return counts.active === 0 && counts.succeeded === 6
  })
  const whilePaused = called.length
  expect(await (await system.steer(run, 'resume')).json()).toMatchObject({ counts: { succeeded: 6 } })

  expect(whilePaused).toBe(6)
  expect(await system.runIn(['succeeded'], run)).toMatchObject({
    counts: { succeeded: 2_000, cancelled: 0, waiting: 0 },
  })
  expect([...called].sort((a, b) => Number(a) - Number(b))).toEqual(range(1, 2_000))
})

it('retries the failed items alone, again and again, and keeps their former outcomes', async () => {
  const called: RecordId[] = []
  let broken = true
  const flaky = defineAction({
    name: 'flaky',
    target: records('users'),
    retry: { attempts: 2, backoff: { type: 'fixed', delay: '10ms' } },
    run: ({ id }) => {
      called.push(id)
      if (Number(id) % 100 === 0 && broken) throw new Error('broken')
    },
  })
  await using system = await System.start({ actions: [flaky], workers: 2 })
  const run = await system.begin({ name: 'flaky', ids: range(1, 3_000) })
  await system.runIn(['completed_with_failures'], run)
  const first = called.length

  expect((await system.steer(run, 'retry')).status).toBe(200)
  expect(await system.runIn(['completed_with_failures'], run)).toMatchObject({
    counts: { failed: 30, succeeded: 2_970 },
  })
  const second = called.length - first
  broken = false
  await system.steer(run, 'retry')

  const ended = await system.runIn(['succeeded'], run)
  expect(ended).toMatchObject({ counts: { failed: 0, succeeded: 3_000, waiting: 0, active: 0 } })
  expect(ended).not.toHaveProperty('errors')
  expect([first, second, called.length - first - second]).toEqual([3_030, 60, 30])
  const items = await system.items(run)
  expect(items.filter(({ attempts }) => attempts !== 1).map(({ id }) => id)).toEqual(range(1, 30).map((n) => n * 100))
  expect(items[99]).toMatchObject({
    id: 100,
    state: 'succeeded',
    attempts: 5,
    former: [
      { state: 'failed', attempts: 2, message: 'broken' },
      { state: 'failed', attempts: 4, message: 'broken' },
    ],
  })
  expect((await system.steer(run, 'retry')).status).toBe(409)
})

it('retries after a cancel what had failed, and leaves what was cancelled', async () => {
  const called: RecordId[] = []
  const mixed = defineAction({
    name: 'mixed',
    target: records('users'),
    limits: { perWorker: 1 },
    run: async ({ id, ctx }) => {
      called.push(id)
      if (id === 2 && called.length === 2) throw new Error('broken')
      if (id === 3) await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve))
    },
  })
  await using system = await System.start({ actions: [mixed] })
  const run = await system.begin({ name: 'mixed', ids: range(1, 500) })
  await until('the third call', () => called.length === 3)
  await system.steer(run, 'cancel')
  await system.runIn(['cancelled'], run)

  await system.steer(run, 'retry')

  expect(await system.runIn(['cancelled'], run)).toMatchObject({ counts: { succeeded: 3, failed: 0, cancelled: 497 } })
  expect(called).toEqual([1, 2, 3, 2])
  expect((await system.items(run)).slice(0, 4).map(({ id, state, attempts }) => [id, state, attempts])).toEqual([
    [1, 'succeeded', 1],
    [2, 'succeeded', 2],
    [3, 'succeeded', 1],
    [4, 'cancelled', 0],
  ])
})

it('halts a run that is going wrong, and counts anew when a person lets it go on', async () => {
  const called: RecordId[] = []
  let broken = true
  const risky = defineAction({
    name: 'risky',
    target: records('users'),
    limits: { perWorker: 1 },
    haltOn: { failures: 3 },
    run: ({ id }) => {
      called.push(id)
      if (broken) throw new Error('broken')
    },
  })
  await using system = await System.start({ actions: [risky] })
  const run = await system.begin({ name: 'risky', ids: range(1, 1_000) })

  const halted = await system.runIn(['halted'], run)
  expect((halted as { counts: { failed: number } }).counts.failed).toBeLessThan(1_000)
  expect((await system.steer(run, 'pause')).status).toBe(409)
  broken = false
  await system.steer(run, 'resume')

  const ended = (await system.runIn(['completed_with_failures'], run)) as { counts: Record<string, number> }
  expect((ended.counts.failed ?? 0) + (ended.counts.succeeded ?? 0)).toBe(1_000)
  expect(new Set(called).size).toBe(1_000)
  expect(called.length).toBe(1_000)
})

it('lets nobody below the role of the action steer its runs', async () => {
  const idle = defineAction({ name: 'idle', target: records('users'), run: () => undefined })
  await using system = await System.start({ actions: [idle] })
  const run = await system.begin({ name: 'idle', ids: [1] })

  const answer = await fetch(`${system.url}/api/runs/${run}/cancel`, {
    method: 'POST',
    headers: { authorization: `Token ${TOKENS.viewer}` },
  })

  expect([answer.status, await answer.json()]).toEqual([
    403,
    {
      detail: "Not permitted: to cancel a run of 'idle' needs the role operator, 'viewer' is viewer",
      code: 'not_permitted',
    },
  ])
})
