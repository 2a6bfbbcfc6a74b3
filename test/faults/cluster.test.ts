import { common, defineAction } from '@flexaction/shared'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, it } from 'vitest'
import { hasRedisServer } from '../harness/own-redis.js'
import { range } from '../harness/range.js'
import { System } from '../harness/system.js'
import { until } from '../harness/until.js'
import { OwnCluster, type Shard } from './harness/own-cluster.js'

// Enough actions that each shard has queues of some.
const actions = range(1, 12).map((n) => defineAction({ name: `act${n}`, target: common(), run: () => undefined }))

let cluster: OwnCluster
beforeAll(async () => {
  cluster = await OwnCluster.start()
})
afterAll(() => cluster[Symbol.asyncDispose]())

it.skipIf(!hasRedisServer).each<[string, (shard: Shard) => Promise<void>]>([
  [
    'was silent for as long as an outage that once ended all fetching',
    async ({ redis }) => {
      redis.signal('SIGSTOP')
      await pause(12_000)
      redis.signal('SIGCONT')
    },
  ],
  [
    'was killed and came back',
    async ({ redis }) => {
      await redis.kill()
      await redis.start()
    },
  ],
  [
    'forgot the connections to it without a word',
    async ({ proxy }) => {
      proxy.mode = 'hang'
      proxy.forget()
      proxy.mode = 'pass'
    },
  ],
])('Redis Cluster: every worker takes jobs again after a shard %s', async (_, disturb) => {
  await using system = await System.start({ actions, workers: 2, env: { REDIS_URL: cluster.url } })
  await runAll(system)
  const [, shard] = cluster.shards

  if (shard) await disturb(shard)
  await cluster.whole()

  await runAll(system)
})

async function runAll(system: System): Promise<void> {
  const runs = await Promise.all(actions.map(({ name }) => begun(system, name)))
  for (const run of runs) await system.runIn(['succeeded'], run, 20_000)
}

/** The id of a run, once one is accepted. */
async function begun(system: System, name: string): Promise<string> {
  return await until(
    `a run of ${name} to be accepted`,
    async () => {
      const answer = await system.send('execute_action', { name }, { prefer: 'respond-async' })
      return answer.status === 202 && (answer.headers.get('x-run-id') ?? '')
    },
    20_000,
  )
}
