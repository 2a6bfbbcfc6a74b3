import { request } from 'node:http'
import { writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { range } from '../../harness/range.js'
import type { Installation } from '../harness/installation.js'
import { begin, PATIENT, startCore } from './start.js'

const MEGABITS_25 = 25_000_000 / 8

/** How long a run of one ordinary record takes through the same worker, in ms. */
async function timeOfAnother(installation: Installation): Promise<number> {
  const began = performance.now()
  const answer = await installation.execute({ name: 'noop', id: 1 }, { prefer: 'wait=30' })
  expect(answer.status).toBe(201)
  return performance.now() - began
}

it.each(['x', 'Token '])('an error of 50,000 letters (%j) does not hold its worker', async (letter) => {
  await using installation = await startCore({ workers: 1, env: PATIENT })
  await timeOfAnother(installation)

  const size = Math.ceil(50_000 / letter.length)
  const run = await begin(installation, { name: 'long_error', ids: range(1, 3), params: { size, letter } })
  const other = await timeOfAnother(installation)
  await installation.runIn(['failed'], run, 10_000)

  expect(other).toBeLessThan(1_000)
  for (const { message } of await installation.items(run)) expect(message?.length).toBeLessThanOrEqual(10_100)
})

it('requests without a token do not hold a gateway, whatever is in their headers', async () => {
  await using installation = await startCore({ workers: 0 })
  const ask = (agent: string): Promise<number> => {
    return new Promise((resolve, reject) => {
      const url = `${installation.url()}/api/messages/`
      const asked = request(url, { method: 'POST', agent: false, headers: { 'user-agent': agent } }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
      })
      asked.on('error', reject).end('{"name":"get_action_list"}')
    })
  }
  await ask('curl')
  const time = async (agent: string): Promise<number> => {
    const began = performance.now()
    expect(await ask(agent)).toBe(403)
    return performance.now() - began
  }

  for (const agent of ['x'.repeat(15_000), 'a:'.repeat(7_500), 'Token '.repeat(2_500), 'a://'.repeat(3_700)]) {
    const times = [await time(agent), await time(agent), await time(agent)]
    expect.soft(Math.min(...times), agent.slice(0, 6)).toBeLessThan(100)
  }
})

it('records that fail with 3 MB of text each end, and their worker lives', async () => {
  await using installation = await startCore({ workers: 1 })

  const run = await begin(installation, { name: 'long_error', ids: range(1, 20), params: { size: 3_000_000 } })
  await installation.runIn(['failed'], run, 15_000)

  expect(installation.workers[0]?.alive).toBe(true)
  const items = await installation.items(run)
  expect(items.map(({ attempts }) => attempts)).toEqual(range(1, 20).map(() => 1))
  expect(Math.max(...items.map(({ message }) => message?.length ?? 0))).toBeLessThanOrEqual(10_100)
})

it('a bulk call with 10 MB of results is recorded over a link of 25 Mbit/s, after one call', async () => {
  await using installation = await startCore({ workers: 1 })
  installation.proxy.bytesPerSecond = MEGABITS_25

  const run = await begin(installation, { name: 'long_results', ids: range(1, 100), params: { size: 100_000 } })

  // 10 MB take 3.2 s on such a link: much longer than a ping may take.
  expect((await installation.runIn(['succeeded'], run, 15_000)).counts.succeeded).toBe(100)
  expect((await installation.calls(run)).length).toBe(1)
})

it('200,000 lines of log cost neither the worker nor Redis memory', async () => {
  await using installation = await startCore({ workers: 1, env: PATIENT })
  await timeOfAnother(installation)
  const [worker] = installation.workers
  if (!worker) throw new Error('no worker')
  const used = async (): Promise<number> =>
    Number(/used_memory:(\d+)/.exec(String(await installation.redisCommand('INFO', 'memory')))?.[1]) / 1_000_000
  const before = { worker: worker.memory.now, redis: await used() }
  worker.forgetPeak(writeFileSync)

  const run = await begin(installation, { name: 'talkative', id: 1 })
  await installation.runIn(['succeeded'], run, 30_000)

  expect.soft(worker.memory.peak - before.worker).toBeLessThan(100)
  // 1,000 lines are kept.
  expect.soft((await used()) - before.redis).toBeLessThan(5)
  expect.soft(await timeOfAnother(installation)).toBeLessThan(1_000)
})

/** Three times what a script may take, for a machine that is busy otherwise. */
const SLOW_US = 60_000

/** Commands that have held Redis for too long since the last look. */
async function slowCommands(installation: Installation): Promise<string[]> {
  const entries = (await installation.redisCommand('SLOWLOG', 'GET', '-1')) as [number, number, number, string[]][]
  await installation.redisCommand('SLOWLOG', 'RESET')
  return entries.map(([, , micros, words]) => `${Math.round(micros / 1_000)} ms: ${words[0]} ${words[1]?.slice(0, 40)}`)
}

async function watchSlowCommands(installation: Installation): Promise<void> {
  await installation.redisCommand('CONFIG', 'SET', 'slowlog-max-len', '1000')
  await installation.redisCommand('CONFIG', 'SET', 'slowlog-log-slower-than', String(SLOW_US))
}

it('no command holds Redis for long when 10,000 ids of one batch have 5 kB each to say', async () => {
  await using installation = await startCore({ workers: 1, env: PATIENT })
  await watchSlowCommands(installation)

  const run = await begin(installation, { name: 'long_results', ids: range(1, 10_000), params: { size: 5_000 } })
  expect((await installation.runIn(['succeeded'], run, 30_000)).counts.succeeded).toBe(10_000)

  expect.soft(await slowCommands(installation), 'settling').toEqual([])
  await (await installation.get(`/api/runs/${run}/items?limit=1000`)).arrayBuffer()
  expect.soft(await slowCommands(installation), 'reading').toEqual([])
})

it('no command holds Redis for long at a run of 200,000 batches', async () => {
  await using installation = await startCore({ workers: 1, env: PATIENT })
  await watchSlowCommands(installation)
  await installation.workers[0]?.kill()

  const run = await begin(installation, { name: 'one_by_one', ids: range(1, 200_000) })
  expect.soft(await slowCommands(installation), 'accepting').toEqual([])
  for (const record of ['1', '200000', 'nobody']) {
    const answer = await installation.get(`/api/runs?record=${record}`)
    const { runs = [] } = (await answer.json()) as { runs?: { id: string }[] }
    expect.soft([answer.status, runs.some(({ id }) => id === run)]).toEqual([200, record !== 'nobody'])
  }
  expect.soft(await slowCommands(installation), 'searching by record').toEqual([])
  await (await installation.get(`/api/runs/${run}/items?limit=1000&cursor=199000`)).arrayBuffer()
  await (await installation.get(`/api/runs/${run}/items?limit=1000&state=failed`)).arrayBuffer()
  expect.soft(await slowCommands(installation), 'reading items').toEqual([])
  expect((await installation.steer(run, 'cancel')).status).toBe(200)
  await installation.runIn(['cancelled'], run, 10_000)
  expect.soft(await slowCommands(installation), 'cancelling').toEqual([])
})
