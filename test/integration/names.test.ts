import { collection, defineAction, defineCollection, records } from '@flexaction/shared'
import { checkActions, checkCollections } from '@flexaction/worker/loading/check-definitions'
import { expect, it } from 'vitest'
import { System } from '../harness/system.js'

const NAMES = [
  'Order Details',
  'a,b',
  'x+y',
  '{x}',
  'schéma.täble',
  '50% "off"',
  "O'Brien",
  '订单',
  'a?b#c&d',
  '~',
  ' x ',
]

it('runs actions on collections with any name that a table may have, and lists them', async () => {
  const actions = NAMES.flatMap((name) => [
    defineAction({
      name: 'touch',
      target: records(name, { bulk: true }),
      run: ({ ids, ctx }) => ({ ids, of: ctx.run.model }),
    }),
    defineAction({ name: 'count', target: collection(name), run: ({ ctx }) => ({ of: ctx.run.model }) }),
  ])
  const collections = NAMES.map((name) =>
    defineCollection({
      name,
      list: () => ({
        records: [
          { id: 1, label: name },
          { id: 9007199254740993n, label: 'big' },
        ],
      }),
    }),
  )
  await using system = await System.start({ actions, collections })
  const execute = async (params: object): Promise<unknown[]> => {
    const answer = await system.send('execute_action', params)
    return [answer.status, await answer.json()]
  }

  for (const model of NAMES) {
    expect(await execute({ name: 'touch', model, ids: [5] })).toEqual([201, { ids: [5], of: model }])
    expect(await execute({ name: 'count', model })).toEqual([201, { of: model }])
    expect(await execute({ name: 'touch', model, ids: [1], inverseIds: true })).toEqual([
      201,
      { ids: ['9007199254740993'], of: model },
    ])
    const page = await system.get(`/api/collections/${encodeURIComponent(model)}/records`)
    expect([page.status, await page.json()]).toEqual([
      200,
      {
        records: [
          { id: 1, label: model },
          { id: '9007199254740993', label: 'big' },
        ],
      },
    ])
  }
})

it('ends a run on all records when a page cannot be told apart, and calls nobody under a wrong id', async () => {
  const called: unknown[] = []
  const action = defineAction({
    name: 'touch',
    target: records('users', { bulk: true }),
    run: ({ ids }) => void called.push(...ids),
  })
  const users = defineCollection({
    name: 'users',
    list: () => ({ records: [{ id: Number('9007199254740993'), label: 'x' }] }),
  })
  await using system = await System.start({ actions: [action], collections: [users] })
  const page = await system.get('/api/collections/users/records')
  expect(page.status).toBe(500)
  const told = system.logLines.map(({ err }) => (err as { message?: string } | undefined)?.message ?? '')
  expect(told.join('\n')).toContain(
    "collection 'users': list() must return records with ids that are whole numbers up to 2^53-1, BigInts, or texts that are not empty; received 9007199254740992 as the id of record 1 of a page",
  )
  expect(called).toEqual([])
})

it.each(['', ' ', 'a/b', 'a\nb', '.', '..', 'x'.repeat(201), 5 as never])('refuses a collection called %j', (name) => {
  const rule = 'must be a collection name of 1 to 200 characters, without / and control characters'
  const action = defineAction({ name: 'touch', target: records(name), run: () => undefined })
  expect(checkActions([{ file: 'a.ts', definition: action }])).toEqual([
    `a.ts, action 'touch': target.models.0: ${rule} (received ${JSON.stringify(name)})`,
  ])
  const listed = defineCollection({ name, list: () => ({ records: [] }) })
  expect(checkCollections([{ file: 'a.ts', definition: listed }])).toEqual([
    `a.ts, collection '${name}': its name ${rule}`,
  ])
})
