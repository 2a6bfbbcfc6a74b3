import type { RecordId } from '@flexaction/shared'
import type { SettleReply, ToQueue } from '@flexaction/shared/runs'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Real, World } from './real.js'
import type { Answer, RunModel } from './run-model.js'

export type Command = fc.AsyncCommand<World, Real>

export const IDENTITY = 'notify:records:users'

/**
 * A kind of step: what it is given at random, when it is possible, and what it does to both sides. Where it leads nowhere, it is
 * done seldom.
 */
export function step<P>(
  name: string,
  params: fc.Arbitrary<P>,
  possible: (world: Readonly<World>, params: P) => boolean,
  act: (params: P, world: World, real: Real) => Promise<void>,
  leads: (world: Readonly<World>) => boolean = () => true,
): fc.Arbitrary<Command> {
  return fc.tuple(params, fc.constantFrom(1, 3, 7, 64), fc.nat(5)).map(([given, limit, chance]) => ({
    check: (world) => possible(world, given) && (chance === 0 || leads(world)),
    run: async (world, real) => {
      await act(given, world, real)
      await real.compare(world.run, limit)
    },
    toString: () => `${name} ${JSON.stringify(given)}`,
  }))
}

export const exists = ({ run }: Readonly<World>): boolean => run !== undefined
/** One of several, for a number at random. */
export const pick = <T>(some: readonly T[], number: number): T => some[number % some.length] as T
export const window = fc.integer({ min: 1, max: 6 })

/** Some ids are texts with commas, which stand in the text of packed ids. */
export function idOf(number: number): RecordId {
  return number % 3 === 0 ? `${number},5` : number
}

export function checkAnswer(
  reply: SettleReply | { status: 'recorded'; queue: ToQueue },
  answer: Answer,
  run: RunModel,
): void {
  expect(reply.status).toBe(answer.status)
  if (reply.status !== 'recorded' || answer.status !== 'recorded') return
  expect('then' in reply ? reply.then : 'go-on').toBe(answer.then)
  checkNamed(reply.queue, run, () => run.name(answer.most, reply.queue.batches))
}

export function checkNamed(queue: ToQueue, run: RunModel, name: () => void): void {
  const again = queue.batches.filter((batch) => ['queued', 'running'].includes(run.batches.get(batch)?.state ?? ''))
  expect(again, 'named again while they are queued').toEqual([])
  expect(new Set(queue.batches).size).toBe(queue.batches.length)
  name()
  if (queue.batches.length > 0) expect(queue.generation).toBe(run.generation)
}
