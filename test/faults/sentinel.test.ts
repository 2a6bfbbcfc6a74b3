import { common, defineAction } from '@flexaction/shared'
import { expect, it } from 'vitest'
import { hasRedisServer } from '../harness/own-redis.js'
import { System } from '../harness/system.js'
import { until } from '../harness/until.js'
import { OwnSentinels } from './harness/own-sentinels.js'

const greet = defineAction({ name: 'greet', target: common(), run: () => undefined })

it.skipIf(!hasRedisServer)(
  'Sentinel: a planned failover under load loses no accepted run with ACCEPT_WAIT_REPLICAS=1',
  async () => {
    await using group = await OwnSentinels.start()
    const env = { REDIS_URL: group.url, ACCEPT_WAIT_REPLICAS: '1', STALL_AFTER: '2s', RECONCILE_EVERY: '500ms' }
    await using system = await System.start({ actions: [greet], workers: 2, env })
    const accepted: string[] = []
    const others = new Set<string>()
    let going = true
    const clients = [1, 2, 3].map(async () => {
      while (going) {
        const answer = await system.send('execute_action', { name: 'greet' }, { prefer: 'respond-async' })
        if (answer.status === 202) accepted.push(answer.headers.get('x-run-id') ?? '')
        else others.add(`${answer.status} ${answer.headers.get('retry-after')}`)
      }
    })
    await until('runs to be accepted', () => accepted.length > 20)

    await group.failover()
    const before = accepted.length
    await until('runs to be accepted by the new primary', () => accepted.length > before + 20, 30_000)
    going = false
    await Promise.all(clients)

    for (const run of accepted) await system.runIn(['succeeded'], run, 20_000)
    for (const answer of others) expect(answer).toMatch(/^503 \d+$/)
  },
)

it.skipIf(!hasRedisServer)(
  'Sentinel: without a replica it is not certain whether a run was accepted, and the answer says so',
  async () => {
    await using group = await OwnSentinels.start()
    const env = { REDIS_URL: group.url, ACCEPT_WAIT_REPLICAS: '1' }
    await using system = await System.start({ actions: [greet], env })
    await group.servers[1].kill()

    const began = performance.now()
    const answer = await system.send('execute_action', { name: 'greet' }, { prefer: 'respond-async' })

    expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toEqual([
      503,
      '2',
      {
        detail:
          'Fewer than 1 replicas of the store confirmed the run in time, so it is not certain whether the run was accepted: ' +
          'look it up among the runs, or send an Idempotency-Key and repeat the request with the same one',
      },
    ])
    expect(performance.now() - began).toBeLessThan(1_000)
  },
)
