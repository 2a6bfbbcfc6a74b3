import type { Run, SteeringReply } from '@flexaction/shared/runs'
import fc from 'fast-check'
import { expect } from 'vitest'
import { RETRIED, type RunModel } from './run-model.js'
import { checkNamed, exists, step, window } from './step.js'

/** The run's state as it is refused with. */
function refused(state: string): SteeringReply {
  return { status: 'refused', state } as SteeringReply
}

const DONE = { status: 'done', queue: { batches: [], generation: 0 } }

export const pause = step(
  'pause',
  fc.constant(0),
  exists,
  async (_, world, real) => {
    const run = world.run as RunModel
    const no = run.ended || run.closing || run.state === 'halted'
    expect(await real.steering.pause(real.run(run))).toEqual(no ? refused(run.closing ?? run.state) : DONE)
    if (!no) run.hold('paused')
  },
  ({ run }) => run?.ended === false && !run.held,
)

export const resume = step(
  'resume',
  window,
  exists,
  async (most, world, real) => {
    const run = world.run as RunModel
    const reply = await real.steering.resume(real.run(run), most)
    if (run.closing || !run.held) return expect(reply).toEqual(refused(run.closing ?? run.state))
    if (reply?.status !== 'done') throw new Error('a held run was not resumed')
    const { queue } = reply
    checkNamed(queue, run, () => run.resume(most, queue.batches))
  },
  ({ run }) => run?.held === true,
)

export const retry = step(
  'retry',
  window,
  exists,
  async (most, world, real) => {
    const run = world.run as RunModel
    const reply = await real.steering.retry(real.run(run), most)
    if (!run.ended || run.count('failed') === 0) return expect(reply).toEqual(refused(run.state))
    if (reply?.status !== 'done') throw new Error('a failed run was not retried')
    const { queue } = reply
    checkNamed(queue, run, () => run.retry(most, queue.batches))
  },
  ({ run }) => run?.ended === true && run.count('failed') > 0,
)

export const retrySome = step(
  'retrySome',
  fc.record({ most: window, every: fc.integer({ min: 1, max: 3 }), crash: fc.boolean() }),
  ({ run }) => run?.ended === true,
  async ({ most, every, crash }, world, real) => {
    const run = world.run as RunModel
    const records = new Set(run.items.filter((_, at) => at % every === 0).map(({ id }) => String(id)))
    // A listing may have named a record twice.
    const chosen = run.items.filter(({ id }) => records.has(String(id)))
    const read = (await real.reader.run(real.id)) as Run
    const staged = await real.steering.stageRetry(real.reader, read, { records, forOperators: true })
    const count = (state: string): number => chosen.filter((item) => item.id !== null && item.state === state).length
    expect(staged?.counts).toEqual({
      ...{ failed: count('failed'), cancelled: count('cancelled'), expired: count('expired') },
    })
    // What was written down for a retry that never came must mean nothing.
    if (!staged || staged.batches === 0 || crash) return
    const reply = await real.steering.retry(read, most, staged)
    if (reply?.status !== 'done') throw new Error('items were not retried')
    checkNamed(reply.queue, run, () => run.retry(most, reply.queue.batches, new Set(chosen)))
  },
  ({ run }) => run?.items.some(({ id, state }) => id !== null && RETRIED.has(state)) === true,
)

export const cancel = step('cancel', fc.constant(0), exists, async (_, world, real) => {
  const run = world.run as RunModel
  expect(await real.steering.cancel(real.run(run))).toEqual(run.ended ? refused(run.state) : DONE)
  if (!run.ended && !run.closing) run.close('cancelled')
})

export const timePasses = step(
  'time to start passes',
  fc.constant(0),
  ({ run }) => run?.late === false,
  async (_, world, real) => {
    await real.redis.hset(real.keys.run(real.id), 'expiresAt', real.request.run.createdAt - 1)
    real.seenAnew()
    ;(world.run as RunModel).late = true
  },
)

export const expire = step(
  'expire',
  fc.constant(0),
  exists,
  async (_, world, real) => {
    const run = world.run as RunModel
    const due = run.state === 'waiting' && run.late === true
    expect(await real.steering.expire(real.id)).toBe(due)
    if (due && !run.closing) run.close('expired')
  },
  ({ run }) => run?.late === true,
)

export const purge = step('purge', fc.constantFrom(undefined, 0, 1), exists, async (age, world, real) => {
  const before = age === undefined ? undefined : Date.now() + (age === 0 ? -1 : 1) * 86_400_000
  const gone = world.run?.ended === true && age !== 0
  expect(await real.index.remove(real.id, before)).toBe(gone)
  if (gone) Object.assign(world, { run: undefined, hands: [], listings: [] })
})
