import { defineAction, records } from '@flexaction/shared'
import { expect, it } from 'vitest'
import { range } from '../harness/range.js'
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

it('counts nothing towards the rate but calls', async () => {
  const called: unknown[] = []
  const rare = defineAction({
    name: 'rare',
    target: records('users'),
    limits: { rate: { max: 5, per: '500ms' } },
    run: ({ id }) => void called.push(id),
  })
  await using system = await System.start({ actions: [rare] })

  for (const id of range(1, 6)) {
    const answer = await system.send('execute_action', { name: 'rare', ids: [id] }, { prefer: 'wait=3' })
    expect(answer.status).toBe(201)
  }

  expect(called).toEqual(range(1, 6))
})
