import { defineAction, records } from '@flexaction/shared'
import { Turns } from '@flexaction/shared/limits'
import { connect, Keys } from '@flexaction/shared/redis'
import { Limiter } from '@flexaction/worker/limiting/limiter'
import { expect, it } from 'vitest'
import { range } from '../harness/range.js'
import { freshPrefix, redisUrl, removeKeys } from '../harness/redis.js'
import { System } from '../harness/system.js'
import { setTimeout as pause } from 'node:timers/promises'

it('never calls more at once than the action allows, over all workers', async () => {
  let now = 0
  let most = 0
  const narrow = defineAction({
    name: 'narrow',
    target: records('users'),
    limits: { concurrency: 5 },
    run: async () => {
      most = Math.max(most, ++now)
      await pause(3)
      now--
    },
  })
  await using system = await System.start({ actions: [narrow], workers: 3 })

  const runs = await Promise.all([1, 2, 3].map(() => system.begin({ name: 'narrow', ids: range(1, 150) })))
  for (const run of runs) await system.runIn(['succeeded'], run)

  expect([most, now]).toEqual([5, 0])
})

it('never begins more calls in any span of time than the rate allows, over all workers', async () => {
  const begun: number[] = []
  const paced = defineAction({
    name: 'paced',
    target: records('users'),
    limits: { rate: { max: 20, per: '500ms' } },
    run: () => void begun.push(performance.now()),
  })
  await using system = await System.start({ actions: [paced], workers: 3 })

  const runs = await Promise.all([1, 2].map(() => system.begin({ name: 'paced', ids: range(1, 50) })))
  for (const run of runs) await system.runIn(['succeeded'], run)

  expect(begun.length).toBe(100)
  const spans = begun.slice(20).map((time, at) => time - (begun[at] ?? 0))
  expect(Math.min(...spans)).toBeGreaterThanOrEqual(500)
  // It is a limit, not a brake: five spans, and what lies between them on a busy machine.
  expect((begun.at(-1) ?? 0) - (begun[0] ?? 0)).toBeLessThan(5_000)
})

it('counts turns that no call was made with neither towards the rate nor as going on', async () => {
  const redis = connect(redisUrl(), { name: 'test', whenAway: 'wait' })
  const prefix = freshPrefix()
  const limits = { concurrency: 2, rate: { max: 2, perMs: 60_000 } }
  const options = { redis, keys: new Keys(prefix), identity: 'rare', worker: 'one', leaseMs: 60_000, limits }
  const errors: unknown[] = []
  const limiter = new Limiter(new Turns(options), 2, 'one', 20_000, (error) => errors.push(error))
  limiter.start()

  for (let n = 0; n < 10; n++) (await limiter.enter())?.leave()
  const used = [await limiter.enter(), await limiter.enter()]
  for (const turn of used) turn?.begin()
  const next = Promise.resolve(limiter.enter()).then((turn) => (turn ? 'granted' : 'stopped'))
  for (const turn of used) turn?.leave()
  limiter.stop()

  expect(used.every(Boolean)).toBe(true)
  expect(await next).toBe('stopped')
  expect(errors).toEqual([])
  await removeKeys(redis, prefix)
  redis.disconnect()
})
