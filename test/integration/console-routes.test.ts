import { type ApiError, type Connection, FlexActionClient, type RunView, watchRun } from '@flexaction/client'
import { readConfig } from '@flexaction/gateway/config'
import { createGateway } from '@flexaction/gateway/gateway'
import { ActionError, common, defineAction, field, records } from '@flexaction/shared'
import { expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { System, TOKENS } from '../harness/system.js'
import { until } from '../harness/until.js'
import { withResolvers } from '../harness/with-resolvers.js'

/** An action whose handlers wait for the gate; users above 100 are refused. */
function visiting() {
  const gate = withResolvers()
  const visit = defineAction({
    name: 'visit',
    target: records('users', { batchSize: 10 }),
    params: { note: field.char({ required: false }) },
    run: async ({ id, ctx }) => {
      ctx.log(`visiting ${id}`)
      await gate.promise
      if (Number(id) > 100) throw new ActionError('=not at home, "today"')
      return { met: id }
    },
  })
  return { gate, visit }
}

function clientOf(system: System, role: keyof typeof TOKENS = 'operator'): FlexActionClient {
  return new FlexActionClient({ baseUrl: system.url, token: TOKENS[role] })
}

/** Follows a run; collects what is heard. */
function follow(client: FlexActionClient, run: string) {
  const heard: RunView[] = []
  const connections: Connection['state'][] = []
  const ended = withResolvers<ApiError | undefined>()
  const stop = watchRun(client, run, {
    onRun: (view) => heard.push(view),
    onConnection: ({ state }) => connections.push(state),
    onEnd: (error) => ended.resolve(error),
  })
  return { heard, connections, ended: ended.promise, stop }
}

it('streams a run from its first state to its end, however many watch it', async () => {
  const { gate, visit } = visiting()
  await using system = await System.start({ actions: [visit] })
  const run = await system.begin({ name: 'visit', model: 'users', ids: range(1, 40) })
  const watchers = range(1, 5).map(() => follow(clientOf(system, 'viewer'), run))
  await until('all to be live', () => watchers.every(({ connections }) => connections.includes('live')))
  await until('all to see it running', () => watchers.every(({ heard }) => heard.at(-1)?.state === 'running'))
  gate.resolve()
  for (const { heard, ended } of watchers) {
    expect(await ended).toBeUndefined()
    expect(heard.at(-1)).toMatchObject({ state: 'succeeded', counts: { succeeded: 40, waiting: 0, active: 0 } })
  }
})

it('goes on where it was when the gateway was away, and lets a gateway stop while people watch', async () => {
  const { gate, visit } = visiting()
  await using system = await System.start({ actions: [visit] })
  const run = await system.begin({ name: 'visit', model: 'users', ids: [1] })
  const { heard, connections, ended } = follow(clientOf(system), run)
  await until('it to be running', () => heard.at(-1)?.state === 'running' && heard.at(-1)?.counts.active === 1)
  const { port } = system.gateway
  const before = heard.length
  const began = Date.now()
  await system.gateway.stop()
  expect(Date.now() - began).toBeLessThan(2_000)
  await until('the loss to be noticed', () => connections.includes('lost'))

  system.gateway = await createGateway(readConfig({ ...system.env, PORT: String(port) }), system.logger('gateway'))
  await system.gateway.start()
  await until('it to be live again', () => connections.at(-1) === 'live')
  // It came back with the revision that it knew: nothing is told twice.
  expect(heard.length).toBe(before)
  gate.resolve()
  await ended
  expect(heard.at(-1)?.state).toBe('succeeded')
})

it('ends at once for runs that do not exist, or have ended', async () => {
  const { gate, visit } = visiting()
  gate.resolve()
  await using system = await System.start({ actions: [visit] })
  const unknown = follow(clientOf(system), '00000000000000000000')
  expect(await unknown.ended).toMatchObject({ status: 404, code: 'not_found' })
  const run = await system.begin({ name: 'visit', model: 'users', ids: [1] })
  await system.runIn(['succeeded'], run)
  const late = follow(clientOf(system), run)
  await late.ended
  expect(late.heard.map(({ state }) => state)).toEqual(['succeeded'])
})

it('tells what was sent, what handlers wrote and all outcomes as CSV, to operators', async () => {
  const { gate, visit } = visiting()
  gate.resolve()
  await using system = await System.start({ actions: [visit] })
  const run = await system.begin({ name: 'visit', model: 'users', ids: [1, '2', 101], params: { note: 'x' } })
  await system.runIn(['completed_with_failures'], run)
  const client = clientOf(system)

  expect(await client.input(run)).toMatchObject({
    form: { note: 'x' },
    selection: { mode: 'only', ids: [1, '2', 101], total: 3 },
    user: { name: 'admin', role: 'admin' },
    identity: 'visit.records.users',
  })
  expect(await client.log(run, '2')).toEqual({ lines: ['visiting 2'], items: 1, worker: expect.any(String) as string })
  expect((await client.items(run, { search: 'NOT AT' })).items.map(({ id }) => id)).toEqual([101])
  expect((await client.items(run, { record: '2' })).items.map(({ id }) => id)).toEqual(['2'])
  const lines = (await (await system.get(`/api/runs/${run}/items.csv`)).text()).split('\r\n')
  expect(lines).toHaveLength(5)
  expect(lines[1]).toMatch(/^1,succeeded,1,,"{""met"":1}",20[\dT:.-]+Z,20[\dT:.-]+Z$/)
  // A spreadsheet must not take a handler's words for a formula.
  expect(lines[3]).toContain(`101,failed,1,"'=not at home, ""today""",`)
  await expect(clientOf(system, 'viewer').input(run)).rejects.toMatchObject({ status: 403 })
})

it('says who serves what, how much waits, and what ended when', async () => {
  const { gate, visit } = visiting()
  const quiet = defineAction({ name: 'quiet', target: common(), permission: 'admin', run: () => undefined })
  await using system = await System.start({ actions: [visit, quiet], workers: 2 })
  const client = clientOf(system)
  const run = await system.begin({ name: 'visit', model: 'users', ids: [1, 2, 101] })
  const busy = await until('the workers to say that they are busy', async () => {
    const workers = await client.workers()
    return workers.reduce((sum, worker) => sum + (worker.busy ?? 0), 0) === 3 && workers
  })
  expect(busy).toHaveLength(2)
  const { actions } = await client.actions()
  expect(actions.map(({ identity, workers }) => [identity, workers])).toEqual([
    // Nothing tells an operator of the admins' action.
    ['visit.records.users', 2],
  ])
  expect(actions[0]?.queue).toMatchObject({ waiting: 0, active: 3, delayed: 0 })

  gate.resolve()
  await system.runIn(['completed_with_failures'], run)
  for (const span of ['hour', 'day'] as const) {
    const { points } = await until('the history to be written', async () => {
      const history = await clientOf(system).history(span, 'visit.records.users')
      return history.points.some(({ failed }) => failed > 0) && history
    })
    const sum = (name: 'succeeded' | 'failed' | 'started'): number =>
      points.reduce((all, point) => all + point[name], 0)
    expect([sum('succeeded'), sum('failed'), sum('started')]).toEqual([2, 1, 1])
  }
})
