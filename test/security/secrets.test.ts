import {
  ActionError,
  common,
  defineAction,
  defineMessage,
  field,
  type HandlerContext,
  records,
  result,
} from '@flexaction/shared'
import { connect } from '@flexaction/shared/redis'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { allStored, redisUrl } from '../harness/redis.js'
import { System, TOKENS } from '../harness/system.js'
import { until } from '../harness/until.js'

/** What no text may hold. It is in every secret of these tests. */
const SECRET = 'hunter2-of-somebody'
const PIN = 48_151_623
const SEEN = ['hunter2', String(PIN)]
const KEY = `k1:${randomBytes(32).toString('base64')}`
const NEW_KEY = `k2:${randomBytes(32).toString('base64')}`

const got: unknown[] = []
const wordy = (params: Record<string, unknown>, ctx: HandlerContext): string => {
  const text = `it holds ${String(params.password)} and ${String(params.pin)}`
  ctx.log(text)
  ctx.logger.info({ params, url: `https://x/?q=${encodeURIComponent(String(params.password))}` }, text)
  return text
}

const form = {
  login: field.char({ required: false }),
  password: field.char({ secret: true, minLength: 4 }),
  pin: field.integer({ secret: true, required: false }),
}
/** How a handler may give its secrets away. */
const GIVES: Readonly<Record<string, (params: Record<string, unknown>, ctx: HandlerContext) => unknown>> = {
  returns: (params, ctx) => ({ text: wordy(params, ctx), params, list: [params.pin] }),
  throws: (params, ctx) => {
    throw new TypeError(wordy(params, ctx), { cause: new Error(String(params.password)) })
  },
  refuses: (params, ctx) => {
    throw new ActionError({ password: wordy(params, ctx) })
  },
  rejects: async (params, ctx) => {
    await Promise.resolve()
    // oxlint-disable-next-line typescript/only-throw-error -- handlers throw anything
    throw { message: wordy(params, ctx), config: { params } }
  },
  message: (params, ctx) => result.message(wordy(params, ctx)),
}

let system: System
let redis: ReturnType<typeof connect>
let monitor: { on(event: 'monitor', heard: (time: string, args: string[]) => void): unknown; disconnect(): void }
const sent: string[] = []

beforeAll(async () => {
  const actions = Object.entries(GIVES).map(([name, give]) =>
    defineAction({
      name,
      target: common(),
      params: form,
      run: ({ params, ctx }) => {
        got.push(params)
        return give(params, ctx)
      },
    }),
  )
  const bulk = defineAction({
    name: 'bulk',
    target: records('users', { bulk: true, batchSize: 3 }),
    params: form,
    coalesce: '50ms',
    retry: { attempts: 2, backoff: { type: 'fixed', delay: '10ms' } },
    run: ({ ids: [first, second, third], params, ctx }) => {
      const text = wordy(params, ctx)
      ctx.succeed(first ?? '', { text, params })
      if (second !== undefined) ctx.fail(second, text)
      if (third !== undefined) ctx.skip(third, text)
      if (ctx.attempt === 1) throw new Error(text)
    },
  })
  const choose = defineAction({
    name: 'choose',
    target: common(),
    params: {
      api_code: field.char({ secret: true }),
      account: field.select({
        options: ({ form: typed }) => {
          got.push(typed)
          if (typed.api_code === `${SECRET}-broken`) throw new Error(`cannot reach https://x/?code=${SECRET}-broken`)
          return [{ value: 'acme', name: typed.api_code === SECRET ? 'ACME' : 'nobody' }]
        },
      }),
      level: field.select({ secret: true, options: () => [{ value: 'gold', name: 'Gold' }], required: false }),
    },
    run: ({ params }) => void got.push(params),
  })
  const rotate = defineMessage({
    name: 'rotate',
    secretParams: ['password', 'pin'],
    handle: (params, ctx) => {
      got.push(params)
      return { text: wordy({ ...params }, ctx), params }
    },
  })
  system = await System.start({
    actions: [...actions, bulk, choose],
    messages: [rotate],
    workers: 2,
    shared: true,
    env: { DATA_KEY: KEY },
  })
  redis = connect(redisUrl(), { name: 'test', whenAway: 'wait' })
  monitor = await (redis as unknown as { monitor(): Promise<typeof monitor> }).monitor()
  monitor.on('monitor', (_, args) => void sent.push(args.join(' ')))
})
beforeEach(() => void got.splice(0))
afterAll(async () => {
  monitor.disconnect()
  redis.disconnect()
  await system.stop()
})

const secrets = { password: SECRET, pin: PIN }

/** Everything that anybody may come to see, but for what only the handler got. */
async function everything(runs: readonly string[] = []): Promise<string> {
  const paths = runs.flatMap((run) =>
    ['', '/items', '/items.csv', '/input', '/log', '/events'].map((part) => `/api/runs/${run}${part}`),
  )
  const read = async (path: string): Promise<string> => (await system.get(path)).text()
  const jobs = ['completed', 'failed', 'waiting', 'active'].map((state) => read(`/queues/api/queues?status=${state}`))
  return [
    ...(await allStored(redis, system.prefix)),
    ...sent.filter((line) => line.includes(system.prefix)),
    ...system.logLines.map((line) => JSON.stringify(line)),
    ...(await Promise.all([...paths, '/api/wire', '/api/runs', '/api/actions'].map(read))),
    ...(await Promise.all(jobs)),
  ].join('\n')
}

/** Waits until a request is in the wire log: by then all that is kept of it is kept. */
async function kept(answer: Response): Promise<{ request: { body: string }; answer: { body: string } }> {
  const id = answer.headers.get('x-request-id') ?? ''
  return await until('the message to be kept', async () => {
    const { entries } = (await (await system.get('/api/wire')).json()) as {
      entries: { id: string; request: { body: string }; answer: { body: string } }[]
    }
    return entries.find((entry) => entry.id === id)
  })
}

async function expectNoSecret(runs?: readonly string[]): Promise<void> {
  const all = await everything(runs)
  for (const text of SEEN) {
    const at = all.indexOf(text)
    expect(at === -1 ? 'nothing' : all.slice(Math.max(0, at - 200), at + 100)).toBe('nothing')
  }
}

it.each(Object.keys(GIVES))('gives secret values to a handler that %s, and to nobody else', async (name) => {
  const answer = await system.send('execute_action', { name, params: { login: 'ada', ...secrets } })
  const text = await answer.text()
  expect(got).toEqual([{ login: 'ada', ...secrets }])
  for (const secret of SEEN) expect(text).not.toContain(secret)
  const run = answer.headers.get('x-run-id') ?? ''
  const entry = await kept(answer)
  expect(JSON.parse(entry.request.body)).toMatchObject({
    params: { name, params: { login: 'ada', password: '[masked]', pin: '[secret]' } },
  })
  const input = (await (await system.get(`/api/runs/${run}/input`)).json()) as { form: unknown }
  expect(input.form).toEqual({ login: 'ada', password: '[secret]', pin: '[secret]' })
  const stored = await redis.hgetall(`${system.prefix}:{${run}}:data`)
  expect(stored.sealed).toMatch(/^1\.k1\./)
  await expectNoSecret([run])
})

it('keeps them through bulk calls, retries by hand and joined requests', async () => {
  const run = await system.begin({ name: 'bulk', model: 'users', ids: [1, 2, 3, 4, 5, 6, 7], params: secrets })
  await system.runIn(['completed_with_failures'], run)
  expect((await system.steer(run, 'retry')).status).toBe(200)
  // Each of the failed records is the first of its call now.
  await system.runIn(['succeeded'], run)
  const joined = await Promise.all(
    [11, 12].map((id) => system.send('execute_action', { name: 'bulk', model: 'users', id, params: secrets })),
  )
  const other = await system.send('execute_action', {
    name: 'bulk',
    model: 'users',
    id: 13,
    params: { ...secrets, pin: PIN + 1 },
  })
  const runs = [...joined, other].map((answer) => answer.headers.get('x-run-id') ?? '')
  expect(new Set(runs).size).toBe(2)
  await kept(other)
  await expectNoSecret([run, ...runs])
})

it('keeps them in messages', async () => {
  const answer = await system.send('rotate', { login: 'ada', ...secrets })
  expect(await answer.json()).toEqual({
    text: 'it holds [secret] and [secret]',
    params: { login: 'ada', password: '[secret]', pin: '[secret]' },
  })
  expect(got).toEqual([{ login: 'ada', ...secrets }])
  await kept(answer)
  await expectNoSecret([answer.headers.get('x-run-id') ?? ''])
})

it('keeps them while options are asked for, and checks what was chosen', async () => {
  const ask = (code: string): Promise<Response> =>
    system.send('get_field_options', { action: 'choose', field: 'account', form: { api_code: code } })
  const options = await ask(SECRET)
  expect(await options.json()).toEqual([{ value: 'acme', name: 'ACME' }])
  expect(got).toEqual([{ api_code: SECRET }])
  const broken = await ask(`${SECRET}-broken`)
  expect([broken.status, (await broken.text()).includes(SECRET)]).toEqual([500, false])
  const execute = (level: string): Promise<Response> =>
    system.send('execute_action', { name: 'choose', params: { api_code: SECRET, account: 'acme', level } })
  const chosen = await execute('gold')
  expect(chosen.status).toBe(201)
  expect(got.at(-1)).toEqual({ api_code: SECRET, account: 'acme', level: 'gold' })
  const wrong = await execute(SECRET)
  expect(await wrong.json()).toEqual({ level: ['must be one of the options for what else was chosen ("gold")'] })
  await Promise.all([options, broken, chosen, wrong].map(kept))
  await expectNoSecret([chosen.headers.get('x-run-id') ?? ''])
})

it.each<[what: string, message: string, params: unknown]>([
  ['too short', 'execute_action', { name: 'returns', params: { password: 'hu', pin: `${PIN}x` } }],
  ['misspelt field', 'execute_action', { name: 'returns', params: { passwort: SECRET, pni: PIN } }],
  ['misspelt action', 'execute_action', { name: 'retuns', params: { password: SECRET, Pin: PIN, 'pi-n': PIN } }],
  ['no action', 'execute_action', { params: secrets }],
  ['beside the form', 'execute_action', { name: 'returns', ...secrets, secretWord: SECRET }],
  ['form as a text', 'execute_action', { name: 'returns', params: JSON.stringify(secrets) }],
  ['form as no JSON', 'execute_action', { name: 'returns', params: `pin=${PIN}` }],
  ['message as a text', 'execute_action', JSON.stringify({ name: 'returns', params: secrets })],
  ['message as no JSON', 'execute_action', `{"name":"returns","params":{"pin":${PIN}`],
  ['form as a list', 'execute_action', { name: 'returns', params: [SECRET, PIN] }],
  ['a nested value', 'execute_action', { name: 'returns', params: { password: { deep: SECRET }, pin: [PIN] } }],
  ['what stands for one', 'execute_action', { name: 'returns', params: { password: '[secret]', pin: PIN } }],
  ['a search', 'get_field_options', { action: 'choose', field: 'level', search: SECRET, form: { api_code: SECRET } }],
  ['an unknown field', 'get_field_options', { action: 'choose', field: 'levl', q: SECRET, form: { api_code: SECRET } }],
  ['an unknown message', 'rotat', secrets],
])('keeps none of a request with a %s', async (_, message, params) => {
  const answer = await system.send(message, params)
  await answer.text()
  await kept(answer)
  const run = answer.headers.get('x-run-id')
  await expectNoSecret(run === null ? [] : [run])
})

it.each<[what: string, body: string, type: string]>([
  ['JSON', `{"name":"execute_action","params":{"pin":${PIN} ${SECRET}}}`, 'application/json'],
  ['a number', `{"name":"execute_action","params":{"params":{"pin":${PIN}${PIN}${PIN}}}}`, 'application/json'],
  ['a form', `name=execute_action&params=%${SECRET}`, 'application/x-www-form-urlencoded'],
])('keeps none of a request that cannot be read: %s', async (_, body, type) => {
  const answer = await fetch(`${system.url}/api/messages/`, {
    method: 'POST',
    headers: { authorization: `Token ${TOKENS.admin}`, 'content-type': type },
    body,
  })
  expect(answer.status).toBe(400)
  expect((await kept(answer)).answer.body).toMatch(/Incorrect|must be sent as text/)
  await expectNoSecret()
})

it('ties an Idempotency-Key to secrets, which nobody can try out', async () => {
  const send = (pin: number): Promise<Response> =>
    system.send(
      'execute_action',
      { name: 'returns', params: { password: SECRET, pin } },
      { 'idempotency-key': 'the-key', prefer: 'respond-async' },
    )
  const first = await send(PIN)
  const again = await send(PIN)
  const other = await send(PIN + 1)
  expect([first.status, again.headers.get('idempotent-replayed'), other.status]).toEqual([202, 'true', 409])
  const claims = (await allStored(redis, system.prefix)).filter((text) => text.includes(':idempotency:'))
  expect(claims).toHaveLength(1)
  expect(claims[0]).toMatch(/ k1\.[\w-]{43}/)
})

it('goes on with another first key, and fails a run whose key is gone, without calling its handler', async () => {
  const took: unknown[] = []
  const take = defineAction({
    name: 'take',
    target: records('users'),
    params: form,
    respond: 'queued',
    run: ({ id, params }) => void took.push([id, params]),
  })
  await using other = await System.start({ actions: [take], workers: 0, env: { DATA_KEY: KEY } })
  const worker = await other.addWorker({ env: { DATA_KEY: `${NEW_KEY},${KEY}` } })
  await until('the gateway to be ready', async () => (await other.get('/readyz')).status === 200)
  const run = await other.begin({ name: 'take', model: 'users', ids: [1], params: secrets })
  await other.runIn(['succeeded'], run)
  expect(took).toEqual([[1, secrets]])
  await worker.stop()
  other.workers.splice(0)

  const lost = await other.begin({ name: 'take', model: 'users', ids: [2, 3], params: secrets })
  const without = await other.addWorker({ env: { DATA_KEY: NEW_KEY } })
  const failed = await other.runIn(['failed'], lost)
  const message =
    "the secret values cannot be read: they are encrypted under the key 'k1', which DATA_KEY of this worker does not hold"
  expect(failed.errors).toEqual([2, 3].map((id) => ({ id, message })))
  expect(other.logLines).toContainEqual(expect.objectContaining({ level: 'error', run: lost, msg: message }))
  expect(took).toHaveLength(1)
  await without.stop()
  other.workers.splice(0)

  // The key is there again: the run is retried.
  await other.addWorker({ env: { DATA_KEY: `${NEW_KEY},${KEY}` } })
  expect((await other.steer(lost, 'retry')).status).toBe(200)
  await other.runIn(['succeeded'], lost)
  expect(took.slice(1).sort()).toEqual([
    [2, secrets],
    [3, secrets],
  ])
})

it('decrypts for the run and the action that they were sent to alone', async () => {
  const took: unknown[] = []
  const take = defineAction({
    name: 'take',
    target: common(),
    params: form,
    respond: 'queued',
    run: ({ params }) => void took.push(params),
  })
  await using other = await System.start({ actions: [take], env: { DATA_KEY: KEY } })
  for (const worker of other.workers.splice(0)) await worker.stop()
  const [one, two] = [
    await other.begin({ name: 'take', params: secrets }),
    await other.begin({ name: 'take', params: { ...secrets, password: 'the-own-password' } }),
  ]
  const data = (run: string): string => `${other.prefix}:{${run}}:data`
  await redis.hset(data(two), 'sealed', (await redis.hget(data(one), 'sealed')) ?? '')
  await other.addWorker()
  const failed = await other.runIn(['failed'], two)
  await other.runIn(['succeeded'], one)
  expect(JSON.stringify(failed.errors)).toContain('were changed, belong to something else')
  expect(took).toEqual([secrets])
})

it('goes with its run', async () => {
  const take = defineAction({ name: 'take', target: common(), params: form, run: () => undefined })
  await using other = await System.start({
    actions: [take],
    env: { DATA_KEY: KEY, RUN_RETENTION: '1s', RECONCILE_EVERY: '100ms' },
  })
  const run = (await other.send('execute_action', { name: 'take', params: secrets })).headers.get('x-run-id') ?? ''
  const data = `${other.prefix}:{${run}}:data`
  expect(await redis.hexists(data, 'sealed')).toBe(1)
  await until('the run to be removed', async () => (await redis.exists(data)) === 0)
})

it('needs a key in production: worker and gateway refuse, and say so', async () => {
  const take = defineAction({ name: 'take', target: common(), params: form, run: () => undefined })
  const production = { NODE_ENV: 'production', ALLOW_UNSAFE_REDIS: 'yes' }
  await using other = await System.start({ actions: [take], workers: 0, env: production })
  await expect(other.addWorker()).rejects.toThrow(
    'take.common: secret fields (password, pin) need DATA_KEY in production, here and in the gateways',
  )
  other.workers.splice(0)
  await other.addWorker({ env: { DATA_KEY: KEY } })
  await until('the gateway to be ready', async () => (await other.get('/readyz')).status === 200)
  const answer = await other.send('execute_action', { name: 'take', params: secrets })
  expect([answer.status, await answer.json()]).toEqual([
    503,
    { detail: 'Nothing was done: secret values need DATA_KEY, which this gateway lacks' },
  ])
  expect(other.logLines).toContainEqual(
    expect.objectContaining({ level: 'error', msg: 'actions with secret fields need DATA_KEY: they are refused' }),
  )
  expect(await (await other.get('/api/runs')).json()).toEqual({ runs: [] })
})
