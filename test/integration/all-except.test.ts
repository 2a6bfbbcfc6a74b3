import { defineAction, defineCollection, records, type RecordId } from '@flexaction/shared'
import { expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { System } from '../harness/system.js'
import { until } from '../harness/until.js'

/** A collection of users 1 to `size`; `onPage` may fail a page, or hold it up. */
function users(size: number, onPage: (from: number) => Promise<void> | void = () => undefined) {
  return defineCollection({
    name: 'users',
    list: async ({ cursor = '1', limit }) => {
      const from = Number(cursor)
      await onPage(from)
      const to = Math.min(size, from + limit - 1)
      return {
        records: range(from, to).map((id) => ({ id, label: `user ${id}` })),
        next: to < size ? String(to + 1) : undefined,
      }
    },
  })
}

function collect(called: RecordId[], batchSize = 500) {
  return defineAction({
    name: 'collect',
    target: records('users', { batchSize }),
    run: ({ id }) => void called.push(id),
  })
}

const byNumber = (a: RecordId, b: RecordId): number => Number(a) - Number(b)

it('calls every record of the collection once, but for the excluded ones', async () => {
  const called: RecordId[] = []
  await using system = await System.start({ actions: [collect(called)], collections: [users(4_321)], workers: 2 })

  const run = await system.begin({ name: 'collect', ids: [7, '8', 4_321, 'nobody'], inverseIds: true })

  const expected = range(1, 4_321).filter((id) => ![7, 8, 4_321].includes(id))
  expect(await system.runIn(['succeeded'], run)).toMatchObject({
    total: 4_318,
    counts: { succeeded: 4_318, waiting: 0 },
  })
  expect([...called].sort(byNumber)).toEqual(expected)
  expect((await system.items(run)).map(({ id }) => id)).toEqual(expected)
})

it('never calls an excluded record whose UUID the request spells otherwise', async () => {
  const listed = ['550e8400-e29b-41d4-a716-446655440000', '6BA7B810-9DAD-11D1-80B4-00C04FD430C8', 'abc']
  const called: RecordId[] = []
  const list = defineCollection({ name: 'users', list: () => ({ records: listed.map((id) => ({ id, label: id })) }) })
  await using system = await System.start({ actions: [collect(called)], collections: [list] })

  const [first = '', second = ''] = listed
  const ids = [first.toUpperCase(), first, `{${first}}`, second.toLowerCase(), 'ABC']
  await system.runIn(['succeeded'], await system.begin({ name: 'collect', ids, inverseIds: true }))
  expect(called).toEqual(['abc'])
})

it('ends at once when the collection is empty, or all of it is excluded', async () => {
  const called: RecordId[] = []
  await using system = await System.start({ actions: [collect(called)], collections: [users(2)] })

  const run = await system.begin({ name: 'collect', ids: [1, 2], inverseIds: true })

  expect(await system.runIn(['succeeded'], run)).toMatchObject({ total: 0 })
  expect(called).toEqual([])
})

it('goes on with the next page after one that failed', async () => {
  const called: RecordId[] = []
  let failures = 0
  const flaky = users(2_500, (from) => {
    if (from === 1_001 && ++failures === 1) throw new Error('the database is away')
  })
  await using system = await System.start({ actions: [collect(called)], collections: [flaky] })

  const run = await system.begin({ name: 'collect', ids: [], inverseIds: true })

  await system.runIn(['succeeded'], run)
  expect([...called].sort(byNumber)).toEqual(range(1, 2_500))
})

it('goes on where the last worker stopped listing', async () => {
  const called: RecordId[] = []
  const pages: number[] = []
  let held = true
  const slow = users(5_000, async (from) => {
    pages.push(from)
    if (from === 2_001 && held) await until('the other worker to take over', () => !held)
  })
  await using system = await System.start({ actions: [collect(called)], collections: [slow] })
  const run = await system.begin({ name: 'collect', ids: [], inverseIds: true })
  await until('the third page', () => pages.includes(2_001))

  const stopping = system.workers[0]?.stop()
  await system.addWorker()
  held = false
  await stopping

  expect(await system.runIn(['succeeded'], run)).toMatchObject({ total: 5_000 })
  expect([...called].sort(byNumber)).toEqual(range(1, 5_000))
  expect(pages.filter((from) => from < 2_001)).toEqual([1, 1_001])
})

it('stops listing when the run is cancelled', async () => {
  const called: RecordId[] = []
  const pages: number[] = []
  let held = true
  const slow = users(1_000_000, async (from) => {
    pages.push(from)
    if (from > 1 && held) await until('the run to be cancelled', () => !held)
  })
  await using system = await System.start({ actions: [collect(called)], collections: [slow] })
  const run = await system.begin({ name: 'collect', ids: [], inverseIds: true })
  await until('the first page to have been worked off', () => called.length === 1_000)

  expect(await (await system.steer(run, 'cancel')).json()).toMatchObject({
    state: 'cancelled',
    counts: { succeeded: 1_000 },
  })
  held = false

  await until('the listing to have ended', async () => pages.length === 2)
  expect(await system.runIn(['cancelled'], run)).toMatchObject({ total: 1_000 })
})

it('refuses it for a collection that nobody can list, and never takes an empty selection for all', async () => {
  const called: RecordId[] = []
  await using system = await System.start({ actions: [collect(called)] })

  const unlisted = await system.send('execute_action', { name: 'collect', ids: [1], inverseIds: true })
  const empty = await system.send('execute_action', { name: 'collect', ids: [] })

  expect([unlisted.status, await unlisted.json()]).toEqual([
    400,
    {
      inverseIds: [
        "'collect' cannot run on all records except some: its workers cannot list 'users'. Select the records themselves",
      ],
    },
  ])
  expect([empty.status, await empty.json()]).toEqual([400, { ids: ['select at least one record'] }])
  expect(called).toEqual([])
})

it('goes on from where its listing failed, when a person says so, and calls each record once', async () => {
  let broken = true
  const called: RecordId[] = []
  const locked = users(2_345, (from) => {
    if (broken && from > 1_000) throw new Error('the table is locked')
  })
  await using system = await System.start({ actions: [collect(called)], collections: [locked] })
  const run = await system.begin({ name: 'collect', ids: [7, 2_000], inverseIds: true })
  expect(await system.runIn(['succeeded', 'completed_with_failures'], run, 60_000)).toMatchObject({
    state: 'completed_with_failures',
    total: 999,
    counts: { succeeded: 999, failed: 0 },
    listingFailed: "not all records of 'users' could be listed: the table is locked",
  })
  broken = false

  expect((await system.steer(run, 'resume-listing')).status).toBe(200)

  const ended = await system.runIn(['succeeded'], run)
  expect(ended).toMatchObject({ total: 2_343, counts: { succeeded: 2_343, waiting: 0 } })
  expect(ended).not.toHaveProperty('listingFailed')
  const wanted = range(1, 2_345).filter((id) => id !== 7 && id !== 2_000)
  expect([...called].sort((a, b) => Number(a) - Number(b))).toEqual(wanted)
  expect((await system.items(run)).map(({ id }) => id)).toEqual(wanted)
  expect((await system.steer(run, 'resume-listing')).status).toBe(409)
})
