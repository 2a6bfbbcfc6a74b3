import { ActionError, common, defineAction, defineCollection, field, records, type Target } from '@flexaction/shared'
import type { FieldMap } from '@flexaction/shared/fields'
import { expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { System, TOKENS } from '../harness/system.js'
import { until } from '../harness/until.js'

const people = defineCollection({
  name: 'people',
  list: ({ cursor = '1', limit, search = '' }) => {
    const found = range(Number(cursor), 200).filter((id) => `person ${id}`.includes(search))
    const page = found.slice(0, limit)
    const next = found.length > limit ? String((page.at(-1) ?? 0) + 1) : undefined
    return { records: page.map((id) => ({ id, label: `person ${id}` })), next }
  },
})

/** What a system answers to get_field_options. */
async function options(
  system: System,
  params: Record<string, unknown>,
  token: string = TOKENS.admin,
): Promise<[number, unknown]> {
  const answer = await system.send('get_field_options', params, { authorization: `Token ${token}` })
  return [answer.status, await answer.json()]
}

it('finds the options of a field in a worker, by what was typed and who asks', async () => {
  let asked = 0
  const move = defineAction({
    name: 'move',
    target: records('users'),
    params: {
      country: field.select({ options: [{ value: 'at', name: 'Austria' }] }),
      city: field.select({
        options: async ({ form, search = '', user }) => {
          asked++
          await Promise.resolve()
          if (form.country === 'nowhere') throw new ActionError({ country: 'is not on the map' })
          if (form.country === 'broken') throw new Error('the database is away')
          return [{ value: 1, name: `${String(form.country)} ${search} ${user.name}`, color: 'red' }]
        },
      }),
      boss: field.foreignKey({ model: 'people', required: false }),
      stranger: field.foreignKey({ model: 'strangers', required: false }),
    },
    run: () => undefined,
  })
  await using system = await System.start({ actions: [move], collections: [people], workers: 2 })
  const ask = (fieldName: string, more: object = {}) => options(system, { action: 'move', field: fieldName, ...more })

  expect(await ask('country')).toEqual([200, [{ value: 'at', name: 'Austria' }]])
  expect(await ask('city', { form: { country: 'at' }, search: 'Wi' })).toEqual([
    200,
    [{ value: 1, name: 'at Wi admin', color: 'red' }],
  ])
  // Asked again within a moment, the same question is answered from memory.
  await ask('city', { form: { country: 'at' }, search: 'Wi' })
  expect(asked).toBe(1)
  expect(await ask('city', { form: { country: 'nowhere' } })).toEqual([400, { country: ['is not on the map'] }])
  const [status, failed] = await ask('city', { form: { country: 'broken' } })
  expect([status, failed]).toEqual([500, { detail: expect.stringContaining('The worker could not answer') as string }])
  expect(await ask('boss', { search: 'person 15' })).toEqual([
    200,
    [15, ...range(150, 159)].map((id) => ({ value: id, name: `person ${id}` })),
  ])
  expect(await ask('stranger')).toEqual([200, []])
})

it('answers 503 after a bounded time, tells the worker, and says at once when nobody could answer', async () => {
  let aborted = false
  const slow = defineAction({
    name: 'slow',
    target: records('users'),
    params: {
      city: field.select({
        options: async ({ signal }) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          aborted = true
          return []
        },
      }),
    },
    run: () => undefined,
  })
  await using system = await System.start({ actions: [slow], env: { ASK_WITHIN: '300ms' } })

  const answer = await system.send('get_field_options', { action: 'slow', field: 'city' })
  expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toEqual([
    503,
    '5',
    { detail: 'No worker answered within 0.3 s. Try again in a moment' },
  ])
  await until('the worker to be told', () => aborted)

  await system.workers[0]?.stop()
  await until('the gateway to notice', async () => {
    const [, body] = await options(system, { action: 'slow', field: 'city', form: { try: Math.random() } })
    return (body as { detail: string }).detail === "No worker that serves 'slow' is running at the moment"
  })
})

it('remembers what was found for a moment: by field, form, search and user, and no failure', async () => {
  const asked: string[] = []
  const move = defineAction({
    name: 'move',
    target: records('users'),
    params: {
      city: field.select({
        options: ({ form, search, user }) => {
          asked.push(`${String(form.country)} ${search} ${user.name}`)
          if (form.country === 'broken') throw new Error('away')
          return []
        },
      }),
      boss: field.foreignKey({ model: 'people', options: () => (asked.push('boss'), []) }),
    },
    run: () => undefined,
  })
  await using system = await System.start({ actions: [move] })
  const ask = (country: string, more: object = {}, token?: string): Promise<[number, unknown]> =>
    options(system, { action: 'move', field: 'city', form: { country }, ...more }, token)

  await Promise.all([ask('at'), ask('at'), ask('at')])
  await ask('de')
  await ask('at', { search: 'W' })
  await ask('at', { q: 'W' })
  await ask('at', {}, TOKENS.operator)
  await options(system, { action: 'move', field: 'boss' })
  expect([await ask('broken'), await ask('broken')].map(([status]) => status)).toEqual([500, 500])
  expect(asked).toEqual([
    'at undefined admin',
    'de undefined admin',
    'at W admin',
    'at undefined operator',
    'boss',
    'broken undefined admin',
    'broken undefined admin',
  ])

  await until('the first answer to be forgotten', async () => {
    await ask('at')
    return asked.length > 7
  })
  expect(asked.at(-1)).toBe('at undefined admin')
})

it('finds the field that is meant, and says what there is', async () => {
  const colours = (...values: string[]) => field.select({ options: values.map((value) => ({ value, name: value })) })
  const make = (name: string, target: Target, params: FieldMap) =>
    defineAction({ name, target, params, run: () => undefined })
  await using system = await System.start({
    actions: [
      make('paint', records('walls'), { colour: colours('white') }),
      make('paint', common(), { shade: colours('any') }),
      make('dye', records(['cloths', 'walls']), { colour: colours('red') }),
    ],
  })
  const listed = (value: string): [number, unknown] => [200, [{ value, name: value }]]

  expect(await options(system, { action: 'paint', field: 'colour' })).toEqual(listed('white'))
  expect(await options(system, { action: 'paint', model: 'walls', field: 'colour' })).toEqual(listed('white'))
  expect(await options(system, { action: 'paint', field: 'shade' })).toEqual(listed('any'))
  // The protocol lets a client leave the action out.
  expect(await options(system, { field: 'shade' })).toEqual(listed('any'))
  expect(await options(system, { model: 'cloths', field: 'colour' })).toEqual(listed('red'))
  expect(await options(system, { field: 'colour' })).toEqual([
    400,
    { action: ["say which action the field 'colour' belongs to: paint, dye"] },
  ])
  expect(await options(system, { model: 'walls', field: 'colour' })).toEqual([
    400,
    { action: ["say which action of 'walls' the field 'colour' belongs to: paint, dye"] },
  ])
  expect(await options(system, { model: 'cloths', field: 'size' })).toEqual([
    400,
    { field: ["no action of 'cloths' has a field 'size'"] },
  ])
  expect(await options(system, { action: 5, field: 'size' })).toEqual([400, { action: ['must be a text, received 5'] }])
  expect(await options(system, { action: 'dye', model: 'moons', field: 'colour' })).toEqual([
    400,
    { model: ["'dye' is no action of 'moons' (allowed: cloths, walls)"] },
  ])
})

it('asks nothing of a worker for who may not run the action, and takes no options that are none', async () => {
  let asked = 0
  const wrong: unknown[] = ['red', [{ value: '', name: 'nothing' }], [{ value: 1 }], [{ value: 10n, name: 'big' }]]
  const pick = defineAction({
    name: 'pick',
    target: records('users'),
    params: {
      fixed: field.select({ options: [{ value: 1, name: 'One' }] }),
      found: field.select({
        options: ({ form }) => (asked++, (wrong[Number(form.at)] ?? [{ value: 1, name: 'One', more: 5 }]) as never),
      }),
    },
    run: () => undefined,
  })
  await using system = await System.start({ actions: [pick] })

  for (const field of ['fixed', 'found']) {
    expect(await options(system, { action: 'pick', field }, TOKENS.viewer)).toEqual([
      403,
      { detail: "Not permitted: running 'pick' needs the role operator, 'viewer' is viewer" },
    ])
  }
  expect(asked).toBe(0)
  expect(await options(system, { action: 'pick', field: 'found' })).toEqual([200, [{ value: 1, name: 'One' }]])
  for (const at of wrong.keys()) {
    const [status] = await options(system, { action: 'pick', field: 'found', form: { at } })
    expect([at, status]).toEqual([at, 500])
  }
  const told = system.logLines.flatMap(({ err }) => (err as { message?: string } | undefined)?.message ?? [])
  expect(told.filter((text) => text.startsWith("action 'pick', field 'found'"))).toEqual(
    ['string', "{ value: '', name: 'nothing' }", '{ value: 1 }', "{ value: 10n, name: 'big' }"].map(
      (received) =>
        `action 'pick', field 'found': options must return a list of { value, name, color? }, received ${received}`,
    ),
  )
})

it('lists records of a collection, page by page, for whoever asks over HTTP', async () => {
  const touch = defineAction({ name: 'touch', target: records('people'), run: () => undefined })
  await using system = await System.start({ actions: [touch], collections: [people] })
  const get = async (path: string): Promise<[number, unknown]> => {
    const answer = await system.get(path)
    return [answer.status, await answer.json()]
  }

  expect(await get('/api/collections')).toEqual([200, { collections: [{ name: 'people', workers: 1 }] }])
  expect(await get('/api/collections/people/records?search=person%201&limit=2')).toEqual([
    200,
    { records: [1, 10].map((id) => ({ id, label: `person ${id}` })), next: '11' },
  ])
  expect(await get('/api/collections/people/records?cursor=200')).toEqual([
    200,
    { records: [{ id: 200, label: 'person 200' }] },
  ])
  expect(await get('/api/collections/nobody/records')).toEqual([
    404,
    { detail: "There is no collection 'nobody' (there are: people)", code: 'not_found' },
  ])
})
