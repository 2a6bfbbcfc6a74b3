import {
  type ActionDefinition,
  common,
  defineAction,
  defineCollection,
  field,
  type Permission,
  records,
} from '@flexaction/shared'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { System, TOKENS } from '../harness/system.js'
import { until } from '../harness/until.js'

const FINA = 'the-token-of-fina'
const OTTO = 'the-token-of-otto'
const SELF = 'the-token-of-self'
const AUTH_TOKENS = [
  ...Object.entries(TOKENS).map(([role, token]) => `${role}:${role}:${token}`),
  `fina:viewer:${FINA} groups=finance+people`,
  `otto:operator:${OTTO}`,
  `self:operator:${SELF} groups=guests`,
].join(',')

const everybody = { ...TOKENS, fina: FINA, otto: OTTO, self: SELF }
type Who = keyof typeof everybody

const related = (model: string) => field.foreignKey({ required: false, model })
const RELATED = {
  users: related('users'),
  countries: related('countries'),
  salaries: related('salaries'),
  invoices: related('invoices'),
}

let system: System
const calls: string[] = []

beforeAll(async () => {
  const named = (name: string, permission?: 'viewer' | 'admin' | { groups: string[] }) =>
    defineAction({
      name,
      target: common(),
      ...(permission && { permission }),
      params: {
        how: field.select({ required: false, options: [{ value: 'a', name: `the option of ${name}` }] }),
        ...(name === 'for_viewers' && RELATED),
      },
      run: () => {
        calls.push(name)
        throw new Error(`the secret text of ${name}`)
      },
    })
  const listed = (name: string, permission?: Permission) =>
    defineCollection({
      name,
      list: () => ({ records: [{ id: 1, label: `Ada of ${name}` }] }),
      ...(permission && { permission }),
    })
  const touch = defineAction({ name: 'touch', target: records('users'), run: () => undefined })
  system = await System.start({
    actions: [
      named('usual'),
      named('for_admins', 'admin'),
      named('for_viewers', 'viewer'),
      named('for_finance', { groups: ['finance'] }),
      touch,
    ],
    collections: [
      listed('users'),
      listed('countries', 'viewer'),
      listed('salaries', 'admin'),
      listed('invoices', { groups: ['finance'] }),
    ],
    shared: true,
    env: { AUTH_TOKENS, OWN_RUNS_ONLY: 'group:guests' },
  })
})
afterAll(() => system.stop())

const ask = (who: Who, path: string, method = 'GET'): Promise<Response> =>
  fetch(system.url + path, { method, headers: { authorization: `Token ${everybody[who]}` } })
const send = (who: Who, name: string, params: unknown): Promise<Response> =>
  system.send(name, params, { authorization: `Token ${everybody[who]}` })

const VISIBLE: Readonly<Record<Who, readonly string[]>> = {
  viewer: ['for_viewers'],
  operator: ['usual', 'for_viewers', 'touch'],
  otto: ['usual', 'for_viewers', 'touch'],
  self: ['usual', 'for_viewers', 'touch'],
  fina: ['for_viewers', 'for_finance'],
  admin: ['usual', 'for_admins', 'for_viewers', 'for_finance', 'touch'],
}
const NAMES = ['usual', 'for_admins', 'for_viewers', 'for_finance']

describe.each(Object.entries(VISIBLE) as [Who, readonly string[]][])('%s', (who, visible) => {
  it('is shown the actions that they may run, and no others', async () => {
    const list = (await (await send(who, 'get_action_list', {})).json()) as { name: string }[]
    expect(list.map(({ name }) => name)).toEqual(visible)
    const { actions } = (await (await ask(who, '/api/actions')).json()) as { actions: { name: string }[] }
    expect(actions.map(({ name }) => name)).toEqual(visible)
    const unknown = await (await send(who, 'execute_action', { name: 'no_such_action' })).text()
    for (const name of NAMES) expect([name, unknown.includes(name)]).toEqual([name, visible.includes(name)])
  })

  it.each(NAMES)('runs %s, sees its options and steers its runs only if they may', async (name) => {
    const before = calls.length
    const executed = await send(who, 'execute_action', { name })
    const options = await send(who, 'get_field_options', { action: name, field: 'how' })
    if (!visible.includes(name)) {
      expect([executed.status, options.status, calls.length]).toEqual([403, 403, before])
      expect(await options.text()).not.toContain('the option of')
      const run = (await send('admin', 'execute_action', { name })).headers.get('x-run-id') ?? ''
      for (const word of ['cancel', 'pause', 'resume', 'retry'])
        expect([word, (await ask(who, `/api/runs/${run}/${word}`, 'POST')).status]).toEqual([
          word,
          // Who watches the runs is told what is needed; for others there are none.
          name === 'usual' ? 403 : 404,
        ])
      expect(calls.length).toBe(before + 1)
      return
    }
    expect([executed.status, options.status, calls.length]).toEqual([500, 200, before + 1])
    const run = executed.headers.get('x-run-id') ?? ''
    const steered = await ask(who, `/api/runs/${run}/retry`, 'POST')
    expect(steered.status).toBe(200)
    await system.runIn(['failed'], run)
    // Whoever may not read the texts of failures does not read them in the answers of steering either.
    const texts = await Promise.all(
      ['', '/items', '/items.csv', '/events'].map(async (part) => (await ask(who, `/api/runs/${run}${part}`)).text()),
    )
    texts.push(await steered.text())
    const readsTexts = ['operator', 'otto', 'self', 'admin'].includes(who)
    if (!readsTexts) expect(texts.join('\n')).not.toContain('secret text')
    else expect(texts[0]).toContain('secret text')
  })
})

it('shows the runs, queues and messages of an action to those who may watch it', async () => {
  const runs = new Map<string, string>()
  for (const name of NAMES)
    runs.set(name, (await send('admin', 'execute_action', { name })).headers.get('x-run-id') ?? '')
  const watched: Readonly<Record<string, readonly Who[]>> = {
    usual: ['viewer', 'operator', 'fina', 'admin'],
    for_viewers: ['viewer', 'operator', 'fina', 'admin'],
    for_admins: ['admin'],
    for_finance: ['fina', 'admin'],
  }
  for (const who of ['viewer', 'operator', 'fina', 'admin'] as const) {
    const { queues } = (await (await ask(who, '/queues/api/queues')).json()) as { queues: { name: string }[] }
    const list = await (await ask(who, '/api/runs?limit=1000')).text()
    for (const [name, run] of runs) {
      const may = watched[name]?.includes(who) ?? false
      const status = may ? 200 : 404
      expect([who, name, queues.some((queue) => queue.name === `${name}.common`)]).toEqual([who, name, may])
      expect([who, name, list.includes(run)]).toEqual([who, name, may])
      for (const part of ['', '/items', '/items.csv', '/events'])
        expect([who, name, part, (await ask(who, `/api/runs/${run}${part}`)).status]).toEqual([who, name, part, status])
      // A guessed tag tells nothing of a run that one does not see.
      const guessed = await fetch(`${system.url}/api/runs/${run}`, {
        headers: {
          authorization: `Token ${everybody[who]}`,
          'if-none-match': '"1","2","3","4","1-v","2-v","3-v","4-v"',
        },
      })
      expect([who, name, guessed.status === 404]).toEqual([who, name, !may])
    }
  }
  const wire = await until('the messages to be kept', async () => {
    const text = await (await ask('admin', '/api/wire')).text()
    return text.includes('for_finance') && text
  })
  expect(wire).toContain('for_admins.common')
  expect(await (await ask('operator', '/api/wire')).text()).not.toContain('for_admins.common')
})

it('shows a member of a group of OWN_RUNS_ONLY their own runs alone', async () => {
  const others = (await send('otto', 'execute_action', { name: 'usual' })).headers.get('x-run-id') ?? ''
  const own = (await send('self', 'execute_action', { name: 'usual' })).headers.get('x-run-id') ?? ''
  const list = (await (await ask('self', '/api/runs?limit=1000')).json()) as { runs: { user: string }[] }
  expect(new Set(list.runs.map(({ user }) => user))).toEqual(new Set(['self']))
  expect(await (await ask('self', '/api/runs?user=otto')).json()).toEqual({ runs: [] })
  for (const part of ['', '/items', '/items.csv', '/input', '/log', '/events']) {
    expect([part, (await ask('self', `/api/runs/${others}${part}`)).status]).toEqual([part, 404])
    expect([part, (await ask('self', `/api/runs/${own}${part}`)).status]).toEqual([part, 200])
  }
  expect((await ask('self', `/api/runs/${others}/retry`, 'POST')).status).toBe(404)
  expect(await (await ask('self', '/queues/api/queues')).json()).toEqual({ queues: [] })
})

it('shows the records of a collection to those who may read them, by every way', async () => {
  const READ: Readonly<Record<Who, readonly string[]>> = {
    viewer: ['countries'],
    fina: ['countries', 'invoices'],
    operator: ['countries', 'users'],
    otto: ['countries', 'users'],
    self: ['countries', 'users'],
    admin: ['countries', 'invoices', 'salaries', 'users'],
  }
  for (const [who, read] of Object.entries(READ) as [Who, readonly string[]][]) {
    const { collections } = (await (await ask(who, '/api/collections')).json()) as { collections: { name: string }[] }
    const actions = (await (await ask(who, '/api/actions')).json()) as { collections: string[] }
    expect([who, collections.map(({ name }) => name).sort(), actions.collections.toSorted()]).toEqual([who, read, read])
    const unknown = await (await ask(who, '/api/collections/unknown/records')).text()
    for (const name of READ.admin) {
      const may = read.includes(name)
      expect([who, name, unknown.includes(name)]).toEqual([who, name, may])
      const records = await ask(who, `/api/collections/${name}/records`)
      const options = await send(who, 'get_field_options', { action: 'for_viewers', field: name })
      const texts = [await records.text(), await options.text()]
      expect([who, name, records.status, options.status]).toEqual([who, name, may ? 200 : 403, may ? 200 : 403])
      for (const text of texts) expect([who, name, text.includes(`Ada of ${name}`)]).toEqual([who, name, may])
    }
  }
})

it('keeps to the permission that a run was accepted under, whatever becomes of its action', async () => {
  const failing = (name: string, permission: Permission): ActionDefinition =>
    defineAction({
      name,
      target: common(),
      permission,
      run: () => {
        throw new Error('no')
      },
    })
  const people = { admin: TOKENS.admin, operator: TOKENS.operator, fina: FINA }
  await using other = await System.start({
    actions: [failing('gone', 'admin'), failing('opened', 'admin'), failing('closed', { groups: ['finance'] })],
    env: { AUTH_TOKENS },
  })
  const names = ['gone', 'opened', 'closed']
  const runs = await Promise.all(
    names.map(async (name) => (await other.send('execute_action', { name })).headers.get('x-run-id') ?? ''),
  )
  for (const worker of other.workers.splice(0)) await worker.stop()
  await other.addWorker({ actions: [failing('opened', 'viewer'), failing('closed', 'admin')] })
  await until(
    'the actions to be the new ones',
    async () => !(await (await other.get('/api/actions')).text()).includes('gone'),
  )

  const steered = async (token: string, run: string): Promise<number> => {
    const headers = { authorization: `Token ${token}` }
    const read = await fetch(`${other.url}/api/runs/${run}`, { headers })
    const { status } = await fetch(`${other.url}/api/runs/${run}/pause`, { method: 'POST', headers })
    // Whoever may is told that the run has ended.
    expect(read.status).toBe(status === 409 ? 200 : 404)
    return status
  }
  const statuses: Record<string, number[]> = {}
  for (const [who, token] of Object.entries(people)) {
    statuses[who] = []
    for (const run of runs) statuses[who].push(await steered(token, run))
  }
  expect(statuses).toEqual({ admin: [409, 409, 409], operator: [404, 404, 404], fina: [404, 404, 409] })
})

it('tells a handler who runs it: name, role and groups', async () => {
  const users: unknown[] = []
  const who = defineAction({
    name: 'who',
    target: common(),
    permission: 'viewer',
    run: ({ ctx }) => void users.push(ctx.user),
  })
  await using other = await System.start({ actions: [who], env: { AUTH_TOKENS } })
  for (const token of [FINA, TOKENS.admin])
    await other.send('execute_action', { name: 'who' }, { authorization: `Token ${token}` })
  expect(users).toEqual([
    { name: 'fina', role: 'viewer', groups: ['finance', 'people'] },
    { name: 'admin', role: 'admin', groups: [] },
  ])
})
