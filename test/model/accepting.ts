import { type HaltOn, isStaged, newRunId, type RunSelection } from '@flexaction/shared/runs'
import fc from 'fast-check'
import { expect } from 'vitest'
import { type ModelItem, RunModel } from './run-model.js'
import { exists, idOf, IDENTITY, step, window } from './step.js'

const cuts = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      total: fc.integer({ min: 1, max: 30 }),
      batchSize: fc.integer({ min: 1, max: 7 }),
      chunkSize: fc.integer({ min: 1, max: 9 }),
    }),
  },
  // Staged: more than 160 chunks.
  {
    weight: 1,
    arbitrary: fc.record({
      total: fc.integer({ min: 161, max: 180 }),
      batchSize: fc.integer({ min: 1, max: 9 }),
      chunkSize: fc.constant(1),
    }),
  },
  // Read in several goes.
  {
    weight: 1,
    arbitrary: fc.record({
      total: fc.integer({ min: 101, max: 220 }),
      batchSize: fc.integer({ min: 20, max: 40 }),
      chunkSize: fc.integer({ min: 10, max: 60 }),
    }),
  },
)

const acceptance = fc.record({
  cut: cuts,
  kind: fc.constantFrom('ids' as const, 'ids' as const, 'listing' as const, 'none' as const),
  haltOn: fc.option(
    fc.oneof(
      fc.record({ failures: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ percent: fc.integer({ min: 1, max: 100 }) }),
    ),
    { nil: undefined },
  ),
  late: fc.constantFrom(undefined, undefined, undefined, undefined, false, false, false, true),
  window,
  loses: fc.boolean(),
})

function newRequest({
  cut,
  kind,
  haltOn,
  late,
  window: queueNow,
}: typeof acceptance extends fc.Arbitrary<infer P> ? P : never) {
  const ids = Array.from({ length: cut.total }, (_, at) => idOf(at))
  const selection: RunSelection =
    kind === 'ids'
      ? { only: ids }
      : kind === 'none'
        ? { none: true }
        : { allExcept: ids.filter((_, at) => at % 4 === 1) }
  const createdAt = Date.now()
  const run = {
    ...{
      id: newRunId(createdAt),
      action: 'notify',
      identity: IDENTITY,
      model: 'users',
      permission: 'operator' as const,
      requestId: 'r',
      createdAt,
      haltOn,
    },
    ...{
      target: kind === 'none' ? ('collection' as const) : ('records' as const),
      user: { name: 'ann', role: 'admin' as const, groups: [] },
    },
    ...(kind === 'none' ? { total: 1, batchSize: 1, chunkSize: 1 } : { ...cut, total: kind === 'ids' ? cut.total : 0 }),
    expiresAt: late === undefined ? undefined : late ? createdAt - 1 : createdAt + 86_400_000,
    listing: kind === 'listing',
  }
  return { run, formJson: '{"text":"hello"}', selection, queueNow }
}

export const accept = step(
  'accept',
  acceptance,
  ({ run }) => !run,
  async (given, world, real) => {
    const request = newRequest(given)
    real.request = request
    real.known = undefined
    real.seenAnew()
    const { run, selection } = request
    real.excluded = new Set('allExcept' in selection ? selection.allExcept.map(String) : [])
    const staged = 'only' in selection ? isStaged(run, selection.only) : real.excluded.size > 0
    if (given.loses && staged) {
      const data = real.keys.data(run.id)
      real.index.loses = () =>
        'only' in selection ? real.redis.hdel(data, 'i0') : real.redis.spop(real.keys.except(run.id))
      await expect(real.store.accept(request)).rejects.toMatchObject({ code: 'unavailable' })
      real.index.loses = undefined
      await real.compare(undefined, 1)
    }
    await real.store.accept(request)
    const ids = 'only' in selection ? selection.only : 'none' in selection ? [null] : []
    const model = new RunModel(run.batchSize, run.haltOn as HaltOn | undefined, given.late)
    model.items = ids.map((id): ModelItem => ({ id, state: 'waiting', attempts: 0, former: [] }))
    if (run.listing) model.listing = { token: '', pages: 0, rest: [], restCounted: 0 }
    const named = Math.min(request.queueNow, Math.ceil(ids.length / run.batchSize))
    model.name(
      request.queueNow,
      Array.from({ length: named }, (_, at) => at),
    )
    Object.assign(world, { run: model, hands: [], listings: [] })
  },
)

export const acceptAgain = step('accept again', fc.constant(0), exists, async (_, __, real) => {
  await real.store.accept(real.request)
})
