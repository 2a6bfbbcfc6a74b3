import { defineAction, records, type RecordId } from '@flexaction/shared'
import { hostname } from 'node:os'
import { expect, it } from 'vitest'
import { setTimeout as pause } from 'node:timers/promises'
import { System } from '../harness/system.js'
import { until } from '../harness/until.js'
import { withResolvers } from '../harness/with-resolvers.js'

interface Times {
  calls: number
  slotMs: number
  limitMs: number
  handlerMs: number
  retryMs: number
}

const WORKER = `${hostname()} ${process.pid}`
const ITEM_MS = 60

async function timesOf(system: System, run: string): Promise<Times> {
  return (await system.runIn(['succeeded', 'completed_with_failures'], run)).times as Times
}

it('says which worker has an item, and had it', async () => {
  const { promise, resolve } = withResolvers()
  const hold = defineAction({ name: 'hold', target: records('users'), limits: { perWorker: 1 }, run: () => promise })
  await using system = await System.start({ actions: [hold] })
  const run = await system.begin({ name: 'hold', ids: [1, 2] })

  const log = async (record: number) =>
    (await (await system.get(`/api/runs/${run}/log?record=${record}`)).json()) as object
  await until('the first one to be called', async () => (await system.items(run))[0]?.state === 'active')
  expect(await log(1)).toEqual({ lines: [], items: 1, worker: WORKER })
  resolve()
  await system.runIn(['succeeded'], run)
  expect(await log(1)).toEqual({ lines: [], items: 1, worker: WORKER })
  expect(await log(2)).toEqual({ lines: [], items: 1, worker: WORKER })
})

it('says where a run spent its time: in handlers, waiting for a slot, for a limit, and for retries', async () => {
  const failed = new Set<RecordId>()
  const work = async ({ id }: { id: RecordId }): Promise<void> => {
    await pause(ITEM_MS)
    if (id === 'once' && !failed.has(id)) {
      failed.add(id)
      throw new Error('not yet')
    }
  }
  const actions = [
    defineAction({ name: 'slots', target: records('users'), limits: { perWorker: 1 }, run: work }),
    defineAction({ name: 'limited', target: records('users'), limits: { concurrency: 1, perWorker: 1 }, run: work }),
    defineAction({
      name: 'retried',
      target: records('users'),
      retry: { attempts: 2, backoff: { type: 'fixed', delay: '3s' } },
      run: work,
    }),
    defineAction({ name: 'rated', target: records('users'), limits: { rate: { max: 1, per: '200ms' } }, run: work }),
  ]
  await using system = await System.start({ actions })

  // The second call waits for the first, the third for both.
  const slots = await timesOf(system, await system.begin({ name: 'slots', ids: [1, 2, 3] }))
  expect(slots).toMatchObject({ calls: 3, limitMs: 0, retryMs: 0 })
  expect(slots.handlerMs).toBeGreaterThanOrEqual(3 * ITEM_MS - 5)
  expect(slots.slotMs).toBeGreaterThanOrEqual(3 * ITEM_MS - 10)

  const retried = await timesOf(system, await system.begin({ name: 'retried', ids: ['once'] }))
  expect(retried).toMatchObject({ calls: 2, limitMs: 0, retryMs: 3_000 })
  expect(retried.handlerMs).toBeGreaterThanOrEqual(2 * ITEM_MS - 5)
  // A pause is no wait for a slot.
  expect(retried.slotMs).toBeLessThan(3_000)

  const rated = await timesOf(system, await system.begin({ name: 'rated', ids: [1, 2, 3] }))
  expect(rated.calls).toBe(3)
  expect(rated.limitMs).toBeGreaterThan(200)

  const ended = await until('three lines about ended runs', () => {
    const lines = system.logLines.filter(({ msg }) => msg === 'run ended')
    return lines.length === 3 && lines
  })
  expect(ended[1]).toMatchObject({ level: 'info', action: 'retried', state: 'succeeded', succeeded: 1, ...retried })
  expect(ended.every(({ waitedMs, ms }) => Number(ms) >= Number(waitedMs))).toBe(true)
})
