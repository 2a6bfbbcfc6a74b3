import { expect, it } from 'vitest'
import { range } from '../../harness/range.js'
import { until } from '../../harness/until.js'
import { type RunBody, type Installation } from '../harness/installation.js'
import { begin, startCore } from './start.js'

type Listed = RunBody & { listing?: boolean }

const all = (name: string) => ({ name, ids: [1], inverseIds: true })

it('a collection whose list() hangs gives its places back, and holds no other up', async () => {
  await using installation = await startCore({ workers: 1, env: { LIST_WITHIN: '1s' } })
  const hanging = await Promise.all(range(1, 8).map(() => begin(installation, all('visit_hanging'))))

  // Others are listed at once.
  const good = await begin(installation, all('visit_good'))
  expect((await installation.runIn(['succeeded'], good, 3_000)).total).toBe(9)
  // A place that was given back is seen by this: all of them end, although each holds a place for some time.
  const ended = await Promise.all(
    hanging.map((run) => installation.runIn(['failed', 'completed_with_failures', 'succeeded'], run, 45_000)),
  )
  expect(ended.map(({ state }) => state)).not.toContain('succeeded')
  for (const run of hanging) expect(JSON.stringify(await installation.run(run))).toMatch(/listed|hanging/)
})

it('options() and messages that hang give their places back', async () => {
  await using installation = await startCore({ workers: 1, env: { ASK_WITHIN: '500ms' } })
  const options = (name: string): Promise<Response> =>
    installation.send('get_field_options', { action: 'asks', model: 'users', field: name, form: {} })
  expect((await options('good')).status).toBe(200)

  const hanging = await Promise.all(range(1, 200).map(() => options('hanging')))
  const messages = await Promise.all(
    range(1, 20).map(() => installation.send('never_answered', {}, { prefer: 'wait=0' })),
  )

  expect(new Set(hanging.map(({ status }) => status))).toEqual(new Set([503]))
  const good = await until(
    'options to be found again',
    async () => {
      const answer = await options('good')
      return answer.status === 200 && answer.json()
    },
    3_000,
  )
  expect(good).toEqual([{ value: 1, name: 'One' }])
  for (const answer of messages) await installation.runIn(['failed'], answer.headers.get('x-run-id') ?? '', 10_000)
})

const MOST_PENDING = 20_000

it.each(['visit_circle', 'visit_wheel', 'visit_endless'])('a listing that never ends is ended: %s', async (name) => {
  await using installation = await startCore({ workers: 1, env: { MAX_PENDING_ITEMS: String(MOST_PENDING) } })
  const run = await begin(installation, all(name))

  const stopped = await until(
    'the listing to end, or to grow beyond all bounds',
    () => bounded(installation, run),
    20_000,
  )

  expect(stopped.total).toBeLessThanOrEqual(MOST_PENDING + 2_000)
})

/** The run, once its listing has ended, makes no more progress, or is larger than it may ever be. */
async function bounded(installation: Installation, id: string): Promise<Listed | undefined> {
  const before = (await installation.run(id)) as Listed
  if (before.listing === undefined && before.total > 0) return before
  for (let look = 0; look < 20; look++) {
    const now = (await installation.run(id)) as Listed
    if (now.total > MOST_PENDING + 2_000) return now
    if (now.total !== before.total || now.total === 0) return undefined
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return before
}
