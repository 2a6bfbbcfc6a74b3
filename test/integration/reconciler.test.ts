import { defineAction, records } from '@flexaction/shared'
import { connect, Keys } from '@flexaction/shared/redis'
import { newRunId, RunIndex, RunStore } from '@flexaction/shared/runs'
import { expect, it } from 'vitest'
import { redisUrl } from '../harness/redis.js'
import { System } from '../harness/system.js'

it('queues a run again whose gateway died between storing it and queuing its batches', async () => {
  const called: unknown[] = []
  const note = defineAction({ name: 'note', target: records('users'), run: ({ id }) => void called.push(id) })
  await using system = await System.start({ actions: [note], env: { RECONCILE_EVERY: '200ms' } })
  const redis = connect(redisUrl(), { name: 'test', whenAway: 'wait' })
  // As the gateway does it, up to the moment at which it would queue the first batches.
  const createdAt = Date.now()
  const context = { redis, keys: new Keys(system.prefix) }
  const fail = (error: unknown): never => {
    throw error
  }
  const id = newRunId(createdAt)
  await new RunStore(context, new RunIndex(context, fail)).accept({
    run: {
      id,
      action: 'note',
      identity: 'note.records.users',
      target: 'records',
      model: 'users',
      user: { name: 'admin', role: 'admin', groups: [] },
      permission: 'operator',
      requestId: 'test',
      total: 3,
      batchSize: 1,
      chunkSize: 100,
      createdAt,
      expiresAt: undefined,
      haltOn: undefined,
      listing: false,
    },
    formJson: '{}',
    selection: { only: [1, 2, 3] },
    queueNow: 3,
  })
  redis.disconnect()

  expect(await system.runIn(['succeeded'], id)).toMatchObject({ counts: { succeeded: 3, waiting: 0 } })
  expect(called.sort()).toEqual([1, 2, 3])
})
