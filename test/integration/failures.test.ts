import { ActionError, defineAction, records, type RecordId } from '@flexaction/shared'
import { expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { System, TOKENS } from '../harness/system.js'

const UNEXPECTED = 'The action failed unexpectedly'

interface Group {
  failure: string
  count: number
  example: string
  first: string
  last: string
  records: RecordId[]
}

/** Every third record is refused, every fifth breaks, until told otherwise. */
function makeCharge(): { called: RecordId[]; heal(): void; charge: ReturnType<typeof defineAction> } {
  const called: RecordId[] = []
  let broken = true
  const charge = defineAction({
    name: 'charge',
    target: records('users'),
    run: ({ id }) => {
      called.push(id)
      if (broken && Number(id) % 3 === 0) throw new ActionError(`card ${String(id)} declined`)
      if (broken && Number(id) % 5 === 0) throw new Error(`cannot reach https://bank.example/${String(id)}`)
    },
  })
  return { called, heal: () => (broken = false), charge }
}

async function groupsOf(
  system: System,
  path: string,
  token: string = TOKENS.operator,
): Promise<Omit<Group, 'first' | 'last'>[]> {
  const { groups } = (await (await system.get(path, { authorization: `Token ${token}` })).json()) as { groups: Group[] }
  return groups.map(({ failure, count, example, records: some }) => ({ failure, count, example, records: some }))
}

it('counts failures by cause, per run and over the runs of an action, and hides texts from viewers', async () => {
  const { charge } = makeCharge()
  await using system = await System.start({ actions: [charge] })
  const run = await system.begin({ name: 'charge', ids: range(1, 30) })
  await system.runIn(['completed_with_failures'], run)

  expect(await groupsOf(system, `/api/runs/${run}/failures`)).toEqual([
    {
      failure: 'card … declined',
      count: 10,
      example: expect.stringMatching(/^card \d+ declined$/),
      records: expect.any(Array),
    },
    {
      failure: 'cannot reach …',
      count: 4,
      example: expect.stringContaining('https://bank'),
      records: expect.any(Array),
    },
  ])
  expect((await groupsOf(system, `/api/runs/${run}/failures`, TOKENS.viewer))[1]).toMatchObject({
    ...{ failure: UNEXPECTED, count: 4, example: UNEXPECTED },
  })
  const again = await system.begin({ name: 'charge', ids: [3, 6] })
  await system.runIn(['failed'], again)
  const all = await groupsOf(system, '/api/failures?action=charge')
  expect(all.map(({ failure, count }) => [failure, count])).toEqual([
    ['card … declined', 12],
    ['cannot reach …', 4],
  ])
  const since = new Date(Date.now() + 60_000).toISOString()
  expect(await groupsOf(system, `/api/failures?action=charge&since=${since}`)).toEqual([])
  expect((await system.get('/api/failures?since=yesterday')).status).toBe(400)
})

it('retries the failures of one cause, or some records, and leaves the others as they are', async () => {
  const { called, heal, charge } = makeCharge()
  await using system = await System.start({ actions: [charge] })
  const run = await system.begin({ name: 'charge', ids: range(1, 300) })
  await system.runIn(['completed_with_failures'], run)
  heal()
  called.length = 0

  expect((await system.steer(run, 'retry', { failure: 'cannot reach …' })).status).toBe(200)
  expect(await system.runIn(['completed_with_failures'], run)).toMatchObject({
    counts: { failed: 100, succeeded: 200 },
  })
  expect(called.map(Number).sort((a, b) => a - b)).toEqual(range(1, 300).filter((n) => n % 5 === 0 && n % 3 !== 0))
  expect(await groupsOf(system, `/api/runs/${run}/failures`)).toMatchObject([
    { failure: 'card … declined', count: 100 },
  ])

  called.length = 0
  expect((await system.steer(run, 'retry', { items: [3, '6', 7] })).status).toBe(200)
  expect(await system.runIn(['completed_with_failures'], run)).toMatchObject({ counts: { failed: 98 } })
  expect(called).toEqual([3, 6])

  const nothing = await system.steer(run, 'retry', { items: [3] })
  expect([nothing.status, await nothing.json()]).toMatchObject([409, { code: 'conflict' }])
  const wrong = await system.steer(run, 'retry', { item: [9] })
  expect([wrong.status, await wrong.json()]).toMatchObject([
    400,
    { non_field_errors: [expect.stringContaining('item')] },
  ])

  // A text that says nothing never means more.
  expect((await system.steer(run, 'retry', { search: '' })).status).toBe(400)

  expect((await system.steer(run, 'retry')).status).toBe(200)
  expect(await system.runIn(['succeeded'], run)).toMatchObject({ counts: { failed: 0, succeeded: 300 } })
  expect(await groupsOf(system, `/api/runs/${run}/failures`)).toEqual([])
})

it('calls what was cancelled when a retry names it', async () => {
  const called: RecordId[] = []
  let release = (): void => undefined
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const slow = defineAction({
    name: 'slow',
    target: records('users'),
    limits: { perWorker: 1 },
    run: async ({ id }) => {
      called.push(id)
      await gate
    },
  })
  await using system = await System.start({ actions: [slow] })
  const run = await system.begin({ name: 'slow', ids: range(1, 200) })
  await system.runIn(['running'], run)
  const cancelling = system.steer(run, 'cancel')
  release()
  await cancelling
  const { counts } = (await system.runIn(['cancelled'], run)) as { counts: { cancelled: number } }

  expect((await system.steer(run, 'retry', { state: 'cancelled' })).status).toBe(200)

  const ended = await system.runIn(['succeeded'], run)
  expect(ended.counts).toMatchObject({ succeeded: 200, cancelled: 0 })
  expect(called.map(Number).sort((a, b) => a - b)).toEqual(range(1, 200))
  expect((await system.items(run)).filter(({ former }) => former).length).toBe(counts.cancelled)
})

it('never retries more than was named, when two name different records at the same moment', async () => {
  const { called, heal, charge } = makeCharge()
  await using system = await System.start({ actions: [charge] })
  const run = await system.begin({ name: 'charge', ids: range(1, 3_000) })
  await system.runIn(['completed_with_failures'], run)
  heal()
  called.length = 0
  const named = [range(1, 400).map((n) => 3 * n), range(401, 800).map((n) => 3 * n)]

  const answers = await Promise.all(named.map((items) => system.steer(run, 'retry', { items })))

  const granted = answers.flatMap(({ status }, at) => (status === 200 ? (named[at] ?? []) : []))
  expect(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 409)).toEqual([])
  await system.runIn(['completed_with_failures'], run)
  expect(called.map(Number).sort((a, b) => a - b)).toEqual(granted.sort((a, b) => a - b))
})
