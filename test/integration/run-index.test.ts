import { randomBytes } from 'node:crypto'
import { connect, Keys } from '@flexaction/shared/redis'
import { type EndedRun, type NewRun, newRunId, RunIndex } from '@flexaction/shared/runs'
import { expect, it } from 'vitest'
import { redisUrl } from '../harness/redis.js'

const MOST = 10

function newRun(id = newRunId(Date.now())): NewRun {
  return { id, action: 'note', user: { name: 'admin', role: 'admin', groups: [] } } as unknown as NewRun
}

function endedRun(id: string): EndedRun {
  return { id } as unknown as EndedRun
}

function makeIndexes(): { ending: RunIndex; retrying: RunIndex; [Symbol.dispose](): void } {
  const redis = connect(redisUrl(), { name: 'test', whenAway: 'wait' })
  const context = { redis, keys: new Keys(`test-${randomBytes(6).toString('hex')}`) }
  const make = (): RunIndex =>
    new RunIndex(context, (error) => {
      throw error
    })
  return { ending: make(), retrying: make(), [Symbol.dispose]: () => redis.disconnect() }
}

it('an end that is written after the run was reopened leaves it among the open runs', async () => {
  using indexes = makeIndexes()
  const run = newRun()
  await indexes.ending.enter(run)
  indexes.ending.ended(endedRun(run.id), 0)
  await indexes.retrying.reopening(run.id, 1)

  await indexes.ending.stop()

  expect(await indexes.ending.open(undefined, MOST)).toEqual({ ids: [run.id] })
})

it('a run that ended after retries and resumes stands among the open runs no more', async () => {
  using indexes = makeIndexes()
  const [run, other] = [newRun(), newRun()]
  await indexes.ending.enter(run)
  await indexes.ending.enter(other)
  await indexes.retrying.reopening(run.id, 1)
  await indexes.retrying.reopening(run.id, 12)
  indexes.ending.ended(endedRun(run.id), 14)

  await indexes.ending.stop()

  expect(await indexes.ending.open(undefined, MOST)).toEqual({ ids: [other.id] })
})

it('pages of open runs name each run once, however many entries it has', async () => {
  using indexes = makeIndexes()
  const runs = [newRun(), newRun()]
  for (const run of runs) await indexes.ending.enter(run)
  for (const { id } of runs) await indexes.retrying.reopening(id, 1)
  const [first, second] = runs.map(({ id }) => id).sort()

  expect(await indexes.ending.open(undefined, 1)).toEqual({ ids: [first], next: first })
  expect(await indexes.ending.open(first, 1)).toEqual({ ids: [second], next: second })
  expect(await indexes.ending.open(second, 1)).toEqual({ ids: [] })
  await indexes.ending.forget(first ?? '')
  expect(await indexes.ending.open(undefined, MOST)).toEqual({ ids: [second] })
})
