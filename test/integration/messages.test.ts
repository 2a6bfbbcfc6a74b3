import {
  ActionError,
  addMessageHandler,
  collection,
  common,
  defineAction,
  defineCollection,
  defineMessage,
  type MessageHandler,
  records,
} from '@flexaction/shared'
import { takeAddedMessages } from '@flexaction/shared/definitions'
import { importFrom } from '@flexaction/worker/loading/import-module'
import { loadDefinitions } from '@flexaction/worker/loading/load-definitions'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { System, TOKENS } from '../harness/system.js'
import { until } from '../harness/until.js'

type Params = Readonly<Record<string, unknown>>

const defined = defineAction({ name: 'greet', target: records('users'), run: ({ id }) => ({ greeted: id }) })

it('answers a custom message with what its handler returns, and keeps a run of it', async () => {
  let calls = 0
  const status: MessageHandler = (params, ctx) => {
    calls++
    if (calls === 1) throw new Error('not yet')
    return { params, user: ctx.user.name, attempt: ctx.attempt }
  }
  const messages = [
    defineMessage({
      name: 'get_element_status',
      handle: status,
      retry: { attempts: 2, backoff: { type: 'fixed', delay: '10ms' } },
    }),
    defineMessage({ name: 'touch', handle: () => undefined }),
    defineMessage({
      name: 'refuse',
      handle: () => {
        throw new ActionError({ amount: 'is too high' })
      },
    }),
  ]
  await using system = await System.start({ actions: [defined], messages })

  const answer = await system.send('get_element_status', { element: { id: 5 } })
  expect([answer.status, await answer.json()]).toEqual([
    200,
    { params: { element: { id: 5 } }, user: 'admin', attempt: 2 },
  ])
  const run = (await (await system.get(`/api/runs/${answer.headers.get('x-run-id')}`)).json()) as object
  expect(run).toMatchObject({ action: 'get_element_status', target: 'common', state: 'succeeded', total: 1 })
  const empty = await system.send('touch', null)
  expect([empty.status, await empty.text()]).toEqual([200, ''])
  const refused = await system.send('refuse', {})
  expect([refused.status, await refused.json()]).toEqual([400, { amount: ['is too high'] }])
  const unknown = await system.send('nobody_handles_this', {})
  expect([unknown.status, await unknown.text()]).toEqual([200, ''])
  const viewer = await system.send('touch', {}, { authorization: `Token ${TOKENS.viewer}` })
  expect(viewer.status).toBe(403)
  const list = (await (await system.send('get_action_list', null)).json()) as { name: string }[]
  expect(list.map(({ name }) => name)).toEqual(['greet'])
})

it('takes the two functions of a Jet Django installation as they are, beside actions that are defined', async () => {
  const received: unknown[] = []
  addMessageHandler('get_action_list', () => [
    { name: 'mail_users', model_action: { model: 'users', for_instance: true, bulk: true }, params: [] },
    { name: 'greet', model_action: { model: 'users', for_instance: true } },
  ])
  addMessageHandler('execute_action', (params) => {
    received.push(params)
    if (params.name === 'mail_users') return { mailed: (params.params as { ids: string }).ids.split(',').length }
    throw new ActionError(`unknown action ${String(params.name)}`)
  })
  await using system = await System.start({ actions: [defined], messages: takeAddedMessages() })

  const list = (await (await system.send('get_action_list', {})).json()) as unknown[]
  expect(list).toEqual([
    { name: 'greet', model_action: { model: 'users', for_instance: true } },
    { name: 'mail_users', model_action: { model: 'users', for_instance: true, bulk: true }, params: [] },
  ])
  const params = { name: 'mail_users', params: { ids: '5,"6",7', subject: 'Hello' } }
  const mailed = await system.send('execute_action', params)
  expect([mailed.status, await mailed.json()]).toEqual([201, { mailed: 3 }])
  expect(received).toEqual([params])
  const greeted = await system.send('execute_action', { name: 'greet', id: 5 })
  expect([greeted.status, await greeted.json()]).toEqual([201, { greeted: 5 }])
  const other = await system.send('execute_action', { name: 'other' })
  expect([other.status, await other.json()]).toEqual([400, { non_field_errors: ['unknown action other'] }])

  // Without a worker, actions stay listed and runs wait.
  await system.workers[0]?.stop()
  expect(await (await system.send('get_action_list', {})).json()).toEqual(list)
  const waiting = await system.begin(params)
  await system.addWorker()
  expect(await system.runIn(['succeeded'], waiting)).toMatchObject({ result: { mailed: 3 } })
})

it('calls handlers as the versions of Jet Django do, and answers as they do when nothing is returned', async () => {
  addMessageHandler('get_action_list', (name: string, params: Params) => [
    { name: `${name} ${Object.keys(params).length}`, common_action: {} },
  ])
  addMessageHandler('execute_action', (name: string, params: Params) => {
    if (params.name === 'nothing') return undefined
    return params.name === 'none' ? null : { name, params }
  })
  addMessageHandler('later', (params) => ({ params }))
  addMessageHandler('any', (...given) => ({ given }))
  await using system = await System.start({ actions: [defined], messages: takeAddedMessages() })
  const send = async (name: string, params: object): Promise<unknown[]> => {
    const answer = await system.send(name, params)
    return [answer.status, await answer.text()]
  }

  expect(JSON.parse(String((await send('get_action_list', {}))[1]))).toContainEqual({
    name: 'get_action_list 0',
    common_action: {},
  })
  expect(await send('execute_action', { name: 'x' })).toEqual([201, '{"name":"execute_action","params":{"name":"x"}}'])
  expect(await send('execute_action', { name: 'none' })).toEqual([201, 'null'])
  // Python's None: status 200, and no body.
  expect(await send('execute_action', { name: 'nothing' })).toEqual([200, ''])
  expect(await send('later', { a: 1 })).toEqual([200, '{"params":{"a":1}}'])
  expect(await send('any', { a: 1 })).toEqual([200, '{"given":[{"a":1}]}'])
})

it('moves one target of a name after the other: what is defined for some leaves the rest to the handler', async () => {
  const entries = [
    { name: 'refresh', model_action: { model: 'users;user' } },
    { name: 'refresh', model_action: { model: 'users;team' } },
    { name: 'refresh', common_action: {} },
    {
      name: 'assign',
      common_action: {},
      params: [{ name: 'to', field: 'ForeignKey', params: { related_model: { model: 'people' } } }],
    },
  ]
  const messages = [
    defineMessage({ name: 'get_action_list', handle: () => entries }),
    defineMessage({ name: 'execute_action', handle: ({ name, model }) => ({ handler: [name, model ?? null] }) }),
  ]
  const moved = defineAction({
    name: 'refresh',
    target: collection('users;user'),
    run: () => ({ defined: 'users;user' }),
  })
  const everywhere = defineAction({ name: 'refresh', target: common(), run: () => ({ defined: 'common' }) })
  const people = defineCollection({ name: 'people', list: () => ({ records: [{ id: 5, label: 'Ada' }] }) })
  const execute = async (system: System, params: object): Promise<unknown> =>
    (await system.send('execute_action', params)).json()
  const list = async (system: System): Promise<unknown> => (await system.send('get_action_list', {})).json()
  const [ofUsers, ofTeams, ofAll, assign] = entries

  await using system = await System.start({ actions: [], collections: [people], messages })
  expect(await list(system)).toEqual(entries)
  expect(await execute(system, { name: 'refresh' })).toEqual({ handler: ['refresh', null] })
  // Options of a foreign key need no definition of its action.
  const options = await system.send('get_field_options', { action: 'assign', field: 'to' })
  expect([options.status, await options.json()]).toEqual([200, [{ value: 5, name: 'Ada' }]])

  await using half = await System.start({ actions: [moved, everywhere], messages })
  expect(await list(half)).toEqual([ofUsers, ofAll, ofTeams, assign])
  expect(await execute(half, { name: 'refresh', model: 'users;user' })).toEqual({ defined: 'users;user' })
  expect(await execute(half, { name: 'refresh' })).toEqual({ defined: 'common' })
  expect(await execute(half, { name: 'refresh', model: 'users;team' })).toEqual({ handler: ['refresh', 'users;team'] })
})

it('says in the log what is wrong with a list that is none', async () => {
  const wrong = [{ name: 'a' }, { name: 5 }, null, { name: 'b', params: {} }]
  const messages = [defineMessage({ name: 'get_action_list', handle: () => wrong })]
  await using system = await System.start({ actions: [], messages })

  const answer = await system.send('get_action_list', {})

  expect([answer.status, await answer.json()]).toEqual([
    500,
    { detail: expect.stringMatching(/^The worker could not answer \(request id .*\)$/) as string },
  ])
  const told = system.logLines.flatMap(({ err }) => (err as { message?: string } | undefined)?.message ?? [])
  expect(told[0]).toBe(
    'the handler of get_action_list must return a list of actions; 1.name: Invalid input: expected string, received number; ' +
      '2: Invalid input: expected object, received null; 3.params: Invalid input: expected array, received object',
  )
})

it('loads handlers of modules that only add them, and says what is wrong with others', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'flexaction-messages-'))
  try {
    await writeFile(
      join(folder, 'jet.ts'),
      "import { addMessageHandler } from 'flexaction'\naddMessageHandler('ping', (params) => ({ pong: params }))\n",
    )
    const { messages } = await loadDefinitions([folder], importFrom(folder))
    expect(messages.map(({ name }) => name)).toEqual(['ping'])

    // A module is loaded once per process: this is another one.
    await rename(join(folder, 'jet.ts'), join(folder, 'pinging.ts'))
    await writeFile(
      join(folder, 'wrong.mjs'),
      "import { addMessageHandler, defineMessage } from '@flexaction/shared'\n" +
        "addMessageHandler('ping', 5)\nexport default defineMessage({ name: 'get_field_options', handle: () => [] })\n",
    )
    const problems = await loadDefinitions([folder], importFrom(folder)).catch((error: Error) => error)
    expect((problems as Error).message.split('\n').slice(1)).toEqual([
      "  - wrong.mjs, message 'get_field_options': options are found by the field: field.select({ options: async () => […] })",
      "  - wrong.mjs, message 'ping': handle: Invalid input: expected function, received number (received 5)",
      "  - wrong.mjs, message 'ping': pinging.ts answers the same message; rename one, or remove it",
    ])
  } finally {
    await rm(folder, { recursive: true })
  }
  await until('nothing to be left over', () => takeAddedMessages().length === 0)
})
