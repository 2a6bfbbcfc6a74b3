import { expect, it } from 'vitest'
import { range } from '../../harness/range.js'
import { until } from '../../harness/until.js'
import { type Installation, type RunBody } from '../harness/installation.js'
import { RedisView } from './redis-view.js'
import { begin, beginEach, startCore } from './start.js'

const listed = async (installation: Installation): Promise<RunBody[]> => {
  const runs: RunBody[] = []
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const from = cursor && `&cursor=${cursor}`
    // A busy machine may answer with 503 at times.
    const answer: Response = await until('the list of runs to be answered', async () => {
      const given = await installation.get(`/api/runs?limit=1000${from}`)
      if (given.status !== 503 && given.status !== 200)
        throw new Error(`the list of runs answers ${given.status}: ${await given.text()}`)
      return given.status === 200 && given
    })
    const page = (await answer.json()) as { runs: RunBody[]; next?: string }
    runs.push(...page.runs)
    cursor = page.next
  }
  return runs
}

it('no more than RUNS_KEPT ended runs are kept, however fast they end', async () => {
  await using installation = await startCore({ workers: 1, env: { RUNS_KEPT: '100', RECONCILE_EVERY: '8s' } })
  await installation.workers[0]?.kill()
  await beginEach(installation, 'twenty', range(1, 2_300))
  // They end at once: more than one look of a maintenance that removes 2,000 at a time can remove.
  await installation.addWorker()
  const ended = async (): Promise<boolean> =>
    (await installation.calls()).filter(({ what }) => what === 'end').length === 2_300
  await until('all to have been called', ended, 20_000)

  await until('the others to be removed', async () => (await listed(installation)).length <= 120, 10_000)
  await until('what they left to be removed', async () => {
    await using redis = await RedisView.open(installation.redis.url)
    const ids = new Set([...(await redis.keys())].flatMap((key) => /\{([0-9a-v]{20})\}/.exec(key)?.[1] ?? []))
    return ids.size <= 120
  })
})

it('after FLUSHALL, live workers publish their actions again, and run them', async () => {
  await using installation = await startCore({ workers: 2 })
  const names = async (): Promise<string[]> =>
    ((await (await installation.send('get_action_list', null)).json()) as { name: string }[]).map(({ name }) => name)
  const before = await names()

  await installation.redisCommand('FLUSHALL')

  const run = await until(
    'runs to be accepted',
    () => begin(installation, { name: 'noop', ids: range(1, 20) }).catch(() => undefined),
    8_000,
  )
  await installation.runIn(['succeeded'], run, 8_000)
  await until('all actions to be listed', async () => (await names()).length === before.length, 8_000)
  // A gateway that starts now knows them only from Redis.
  const fresh = await installation.addGateway()
  await until(
    'a new gateway to know them',
    async () => (await installation.get('/readyz', fresh)).status === 200,
    8_000,
  )
})

it('a damaged run is set aside: others are listed, maintained and run, and it can be cancelled', async () => {
  await using installation = await startCore({ workers: 1 })
  await using redis = await RedisView.open(installation.redis.url)
  const healthy = await begin(installation, { name: 'five', ids: range(1, 40), params: { ms: 300 } })
  // One damaged run for each field of what is kept of a run.
  const other = { name: 'single', ids: range(1, 40), params: { ms: 10_000 } }
  const first = await begin(installation, other)
  const hashes = await hashesOf(redis, first)
  const places = hashes.flatMap(({ suffix, fields }) => fields.map((field) => ({ suffix, field })))
  expect(places.length).toBeGreaterThan(5)
  const damaged: string[] = []
  for (const { suffix, field } of places) {
    const run = await begin(installation, other)
    const key = [...(await redis.keys())].find((name) => name.includes(run) && name.endsWith(suffix))
    if (key !== undefined) await redis.call('HSET', key, field, 'nonsense\u0000{[')
    damaged.push(run)
  }
  await installation.workers[0]?.kill()
  await installation.addWorker()

  // What the dead worker had in hand is found although the damaged ones are looked at as well.
  await installation.runIn(['succeeded'], healthy, 20_000)
  const ids = (await listed(installation)).map(({ id }) => id)
  expect(ids).toContain(healthy)
  for (const state of ['running', 'waiting', 'succeeded'])
    expect((await installation.get(`/api/runs?state=${state}&limit=1000`)).status).toBe(200)
  for (const run of damaged) {
    expect.soft((await installation.get(`/api/runs/${run}`)).status, `reading ${run}`).toBeLessThan(500)
    expect.soft((await installation.steer(run, 'cancel')).status, `cancelling ${run}`).toBeLessThan(500)
  }
  await installation.runIn(['succeeded'], await begin(installation, { name: 'noop', ids: range(1, 20) }), 10_000)
  expect(installation.workers[1]?.alive).toBe(true)
})

/** The hashes that are kept of a run, by how their keys end, with their fields. */
async function hashesOf(redis: RedisView, run: string): Promise<{ suffix: string; fields: string[] }[]> {
  const found: { suffix: string; fields: string[] }[] = []
  for (const key of await redis.keys()) {
    if (!key.includes(run) || (await redis.call('TYPE', key)) !== 'hash') continue
    const suffix = key.slice(key.indexOf(run) + run.length)
    found.push({ suffix, fields: (await redis.call('HKEYS', key)) as string[] })
  }
  return found
}
