import {
  countFailures,
  failureLine,
  type ItemError,
  LogWriter,
  outcomeLine,
  retryLine,
  type Settlement,
  readTimes,
} from '@flexaction/shared/runs'
import { BatchItems } from '@flexaction/worker/running/batch-items'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Hand, World } from './real.js'
import type { Happened, ModelItem, RunModel } from './run-model.js'
import { checkAnswer, exists, IDENTITY, pick, step, window } from './step.js'

/** Two or three fill a part of a log. */
const LONG = 'long '.repeat(5_000)

export const start = step(
  'start',
  fc.record({
    which: fc.nat(30),
    wrong: fc.constantFrom('', '', '', '', '', 'generation', 'action'),
    known: fc.boolean(),
  }),
  exists,
  async ({ which, wrong, known }, world, real) => {
    const run = world.run as RunModel
    const free = [...run.batches].filter(([, { state }]) => state === 'queued' || state === 'delayed')
    const some = free.length > 0 && which % 8 > 0 ? free : [...run.batches]
    const [batch, { generation }] = some.length > 0 ? pick(some, which) : [which, { generation: 0 }]
    const token = `worker-${real.nextNumber()}`
    const job = { run: real.id, batch, generation: generation + (wrong === 'generation' ? 1 : 0) }
    const expected = wrong !== 'action' && run.take(batch, token, job.generation)
    const identity = wrong === 'action' ? 'another' : IDENTITY
    const started = await real.store.start(identity, job, token, known ? real.known : undefined)
    expect(typeof started === 'object').toBe(expected)
    if (typeof started !== 'object') return
    checkStarted(started, run)
    real.known = started
    world.hands.push({ batch, token, sequence: 0 })
  },
  ({ run }) => run?.has('queued') === true || run?.has('delayed') === true,
)

/** The new owner calls what has no outcome, and nothing else. */
function checkStarted(started: ConstructorParameters<typeof BatchItems>[0], run: RunModel): void {
  const mine = run.itemsOf(started.batch)
  const items = new BatchItems(started)
  const waiting = run.closing ? [] : [...mine.keys()].filter((at) => mine[at]?.state === 'waiting')
  expect(items.ids).toEqual(mine.map(({ id }) => id))
  expect(items.due(Number.POSITIVE_INFINITY).positions).toEqual(waiting)
  expect(waiting.map((at) => items.attemptOf(at))).toEqual(waiting.map((at) => (mine[at]?.attempts ?? 0) + 1))
  expect(waiting.map((at) => items.attemptsCounted(at))).toEqual(
    waiting.map((at) => (mine[at]?.attempts ?? 0) - (mine[at]?.former.at(-1)?.attempts ?? 0) + 1),
  )
  expect([started.form, started.interruptions]).toEqual([
    { text: 'hello' },
    run.batches.get(started.batch)?.interruptions,
  ])
}

const held = ({ run, hands }: Readonly<World>, stale: boolean): Hand[] =>
  stale ? hands : hands.filter(({ batch, token }) => run?.batches.get(batch)?.token === token)
const owner = { which: fc.nat(30), stale: fc.constantFrom(false, false, false, false, true) }
const holds = (world: Readonly<World>, { stale }: { stale: boolean }): boolean => held(world, stale).length > 0

export const startAgain = step('start again', fc.record(owner), holds, async ({ which, stale }, world, real) => {
  const run = world.run as RunModel
  const { batch, token } = pick(held(world, stale), which)
  const one = run.batches.get(batch)
  if (one?.token !== token) return
  const started = await real.store.start(IDENTITY, { run: real.id, batch, generation: one.generation }, token)
  if (typeof started !== 'object') throw new Error('its owner cannot start it again')
  checkStarted(started, run)
})

export const begin = step(
  'begin',
  fc.constant(0),
  exists,
  async (_, { run }, real) => {
    expect(await real.store.begin(real.id)).toBe(run?.begin())
  },
  ({ run }) => run?.state === 'waiting',
)

const ENDINGS = ['succeeded', 'result', 'failed', 'refused', 'skipped', 'cancelled', 'retry', 'leave'] as const

export const settle = step(
  'settle',
  fc.record({
    ...owner,
    window,
    plan: fc.array(fc.constantFrom(...ENDINGS), { maxLength: 8 }),
    // Most handlers do the same with all records.
    all: fc.constantFrom(undefined, 'succeeded' as const, 'failed' as const, 'failed' as const),
    long: fc.constantFrom(false, false, true),
    next: fc.constantFrom('' as const, 'end' as const, 'end' as const, 'delay' as const, 'release' as const),
    active: fc.nat(4),
    began: fc.boolean(),
    repeat: fc.boolean(),
  }),
  holds,
  async ({ which, stale, window: most, plan, all, long, next: wish, active, began, repeat }, world, real) => {
    const run = world.run as RunModel
    const hand = pick(held(world, stale), which)
    const mine = run.itemsOf(hand.batch)
    const open = [...mine.keys()].filter((at) => mine[at]?.state === 'waiting')
    const writer = new LogWriter()
    const counts = { succeeded: 0, failed: 0, skipped: 0, cancelled: 0 }
    const errorLines: string[] = []
    const failures: ItemError[] = []
    const happened: Happened[] = []
    const left: number[] = []
    const { chunkSize } = real.request.run
    for (const [at, position] of open.entries()) {
      const planned = plan[at] ?? all ?? 'leave'
      // Only handlers that were told to stop end so.
      const ending = planned === 'cancelled' && !run.closing ? 'failed' : planned
      const item = mine[position] as ModelItem
      if (ending === 'leave' || ending === 'retry') left.push(position)
      if (ending === 'leave') continue
      const message = `${ending} ${real.nextNumber()} ${long && happened.length < 2 ? LONG : ''}`
      const place = hand.batch * run.batchSize + position
      const chunk = Math.floor(place / chunkSize)
      const end = { chunk, position: place % chunkSize, attempt: item.attempts + 1, started: 5, took: 7 }
      if (ending === 'succeeded') writer.succeeded(end)
      else if (ending === 'result') writer.add(chunk, outcomeLine(end, 'succeeded', JSON.stringify({ message })))
      else if (ending === 'retry') writer.add(chunk, retryLine(end, message, 9_000))
      else if (ending === 'skipped' || ending === 'cancelled') writer.add(chunk, outcomeLine(end, ending, '', message))
      else writer.add(chunk, failureLine(end, message, ending === 'failed'))
      const outcome = ending === 'result' ? 'succeeded' : ending === 'refused' ? 'failed' : ending
      if (outcome === 'failed') {
        errorLines.push(JSON.stringify({ message, kind: 'refused' }))
        failures.push({ message, kind: 'refused' })
      }
      if (outcome !== 'retry') counts[outcome]++
      happened.push({
        item,
        ending: outcome,
        ...(ending === 'result' ? { result: { message } } : ending !== 'succeeded' && { message }),
      })
    }
    const next = wish !== 'end' || left.length === 0 ? wish : plan.includes('retry') ? 'delay' : 'release'
    const calls = next === '' ? left.slice(0, active) : []
    const live = calls.map((at) => ({
      from: at,
      to: at + 1,
      attempt: attemptsAfter(mine[at], happened) + 1,
      started: 9,
    }))
    const settlement: Settlement = {
      ...{ run: real.known?.run as Settlement['run'], batch: hand.batch, token: hand.token, sequence: ++hand.sequence },
      ...{
        lines: writer.take(),
        counts,
        active: calls.length,
        live,
        began: began ? Date.now() : 0,
        next,
        window: most,
      },
      ...{ spent: readTimes(''), resultJson: '', errorLines, failures: countFailures(failures) },
    }
    const activeItems = calls.map((at) => mine[at] as ModelItem)
    for (let time = 0; time < (repeat ? 2 : 1); time++) {
      const reply = await real.store.settle(settlement)
      const answer = run.settle(hand.batch, hand.token, settlement.sequence, happened, activeItems, began, next, most)
      checkAnswer(reply, answer, run)
    }
  },
)

function attemptsAfter(item: ModelItem | undefined, happened: readonly Happened[]): number {
  return (item?.attempts ?? 0) + (happened.some((one) => one.item === item) ? 1 : 0)
}

export const lose = step('lose', fc.record(owner), holds, async ({ which, stale }, world, real) => {
  const { batch, token } = pick(held(world, stale), which)
  expect(await real.store.takeBack({ run: real.id, batch, generation: world.run?.generation ?? 0 }, token)).toBe(
    world.run?.takeBack(batch, token),
  )
})
