import { expect, it } from 'vitest'
import { setTimeout as pause } from 'node:timers/promises'
import { range } from '../../harness/range.js'
import { until } from '../../harness/until.js'
import { lives } from '../harness/app-process.js'
import type { Installation } from '../harness/installation.js'
import { begin, startCore } from './start.js'

/** Counts the children of all workers, until it is disposed of. */
function watchChildren(installation: Installation) {
  const seen = new Set<number>()
  let most = 0
  let stopped = false
  const watching = (async () => {
    while (!stopped) {
      for (const worker of installation.workers) {
        const children = worker.alive ? worker.children : []
        for (const pid of children) seen.add(pid)
        most = Math.max(most, children.length)
      }
      await pause(20)
    }
  })()
  return {
    seen,
    get most() {
      return most
    },
    [Symbol.asyncDispose]: async () => {
      stopped = true
      await watching
    },
  }
}

it('P11: one deadly record of forty costs one process at a time, and fails alone', async () => {
  await using installation = await startCore({ workers: 1 })
  await using supervisor = installation.supervise()
  await using children = watchChildren(installation)

  const run = await begin(installation, { name: 'deadly', ids: [...range(1, 20), 'poison', ...range(21, 39)] })
  const ended = await installation.runIn(['completed_with_failures', 'failed'], run, 30_000)

  expect([ended.counts.succeeded, ended.counts.failed]).toEqual([39, 1])
  expect((await installation.items(run, 'failed')).map(({ id }) => id)).toEqual(['poison'])
  expect(children.most).toBe(1)
  expect(supervisor.deaths).toBe(2)
})

it('P11: of a bulk batch the deadly id alone fails', async () => {
  await using installation = await startCore({ workers: 1 })
  await using _ = installation.supervise()
  await using children = watchChildren(installation)

  const run = await begin(installation, { name: 'deadly_bulk', ids: [...range(1, 5), 'poison', ...range(6, 9)] })
  const ended = await installation.runIn(['completed_with_failures', 'failed'], run, 30_000)

  expect([ended.counts.succeeded, ended.counts.failed]).toEqual([9, 1])
  expect((await installation.items(run, 'failed')).map(({ id }) => id)).toEqual(['poison'])
  expect(children.most).toBe(1)
})

it('a child that computes for ever dies with its worker', async () => {
  await using installation = await startCore({ workers: 1 })
  await using supervisor = installation.supervise()
  await using children = watchChildren(installation)
  await begin(installation, { name: 'deadly_then_spins', ids: [1] })
  const parent = await until(
    'a child to be at work',
    () => supervisor.deaths === 2 && installation.workers.find((worker) => worker.alive && worker.children.length > 0),
    20_000,
  )
  const [child = 0] = parent.children
  await until('it to be computing', async () => (await installation.calls()).some(({ pid }) => pid === child), 10_000)

  await parent.kill()

  await until('the child to end', () => !lives(child), 3_000).finally(
    () => lives(child) && process.kill(child, 'SIGKILL'),
  )
  expect(children.seen.has(child)).toBe(true)
})
