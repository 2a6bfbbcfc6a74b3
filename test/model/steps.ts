import type { RecordId } from '@flexaction/shared'
import {
  chunkSize,
  failureLine,
  type HaltOn,
  isStaged,
  LogWriter,
  newRunId,
  outcomeLine,
  retryLine,
  type RunSelection,
  type Settlement,
  type SettleReply,
  type SteeringReply,
  type ToQueue,
} from '@flexaction/shared/runs'
import { BatchItems } from '@flexaction/worker/running/batch-items'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Hand, Real, World } from './real.js'
import { type Answer, type Happened, type ModelItem, RunModel } from './run-model.js'

type Command = fc.AsyncCommand<World, Real>

const IDENTITY = 'notify:records:users'
/** Two or three fill a part of a log. */
const LONG = 'long '.repeat(5_000)

/**
 * A kind of step: what it is given at random, when it is possible, and what it does to both sides. Where it leads nowhere, it is
 * done seldom.
 */
function step<P>(
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

const exists = ({ run }: Readonly<World>): boolean => run !== undefined
/** One of several, for a number at random. */
const pick = <T>(some: readonly T[], number: number): T => some[number % some.length] as T
const window = fc.integer({ min: 1, max: 6 })

const cuts = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      total: fc.integer({ min: 1, max: 30 }),
      batchSize: fc.integer({ min: 1, max: 7 }),
      perChunk: fc.integer({ min: 1, max: 4 }),
    }),
  },
  // Staged: more than 32 chunks.
  {
    weight: 1,
    arbitrary: fc.record({
      total: fc.integer({ min: 33, max: 40 }),
      batchSize: fc.constant(1),
      perChunk: fc.constant(1),
    }),
  },
  // Read in several goes.
  {
    weight: 1,
    arbitrary: fc.record({
      total: fc.integer({ min: 101, max: 220 }),
      batchSize: fc.integer({ min: 20, max: 40 }),
      perChunk: fc.integer({ min: 1, max: 3 }),
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

/** Some ids are texts with commas, which stand in the text of packed ids. */
function idOf(number: number): RecordId {
  return number % 3 === 0 ? `${number},5` : number
}

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
      requestId: 'r',
      createdAt,
      haltOn,
    },
    ...{
      target: kind === 'none' ? ('collection' as const) : ('records' as const),
      user: { name: 'ann', role: 'admin' as const },
    },
    ...(kind === 'none' ? { total: 1, batchSize: 1, perChunk: 1 } : { ...cut, total: kind === 'ids' ? cut.total : 0 }),
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
    if (run.listing) model.listing = { token: '', pages: 0, rest: [] }
    const named = Math.min(request.queueNow, Math.ceil(ids.length / run.batchSize))
    model.name(
      request.queueNow,
      Array.from({ length: named }, (_, at) => at),
    )
    Object.assign(world, { run: model, hands: [], listings: [] })
  },
)

const acceptAgain = step('accept again', fc.constant(0), exists, async (_, __, real) => {
  await real.store.accept(real.request)
})

const start = step(
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
    expect(started !== undefined).toBe(expected)
    if (!started) return
    checkStarted(started, run)
    real.known = { run: started.run, form: started.form }
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

const startAgain = step('start again', fc.record(owner), holds, async ({ which, stale }, world, real) => {
  const run = world.run as RunModel
  const { batch, token } = pick(held(world, stale), which)
  const one = run.batches.get(batch)
  if (one?.token !== token) return
  const started = await real.store.start(IDENTITY, { run: real.id, batch, generation: one.generation }, token)
  if (!started) throw new Error('its owner cannot start it again')
  checkStarted(started, run)
})

const begin = step(
  'begin',
  fc.constant(0),
  exists,
  async (_, { run }, real) => {
    expect(await real.store.begin(real.id)).toBe(run?.begin())
  },
  ({ run }) => run?.state === 'waiting',
)

const ENDINGS = ['succeeded', 'result', 'failed', 'refused', 'skipped', 'cancelled', 'retry', 'leave'] as const

const settle = step(
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
    const happened: Happened[] = []
    const left: number[] = []
    const base = (hand.batch * run.batchSize) % chunkSize(real.request.run)
    for (const [at, position] of open.entries()) {
      const planned = plan[at] ?? all ?? 'leave'
      // Only handlers that were told to stop end so.
      const ending = planned === 'cancelled' && !run.closing ? 'failed' : planned
      const item = mine[position] as ModelItem
      if (ending === 'leave' || ending === 'retry') left.push(position)
      if (ending === 'leave') continue
      const message = `${ending} ${real.nextNumber()} ${long && happened.length < 2 ? LONG : ''}`
      const end = { position: base + position, attempt: item.attempts + 1, started: 5, took: 7 }
      if (ending === 'succeeded') writer.succeeded(end)
      else if (ending === 'result') writer.add(outcomeLine(end, 'succeeded', JSON.stringify({ message })))
      else if (ending === 'retry') writer.add(retryLine(end, message, 9_000))
      else if (ending === 'skipped' || ending === 'cancelled') writer.add(outcomeLine(end, ending, '', message))
      else writer.add(failureLine(end, message, ending === 'failed'))
      const outcome = ending === 'result' ? 'succeeded' : ending === 'refused' ? 'failed' : ending
      if (outcome === 'failed') errorLines.push(JSON.stringify({ message, kind: 'refused' }))
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
      ...{ resultJson: '', errorLines },
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

function checkAnswer(reply: SettleReply | { status: 'recorded'; queue: ToQueue }, answer: Answer, run: RunModel): void {
  expect(reply.status).toBe(answer.status)
  if (reply.status !== 'recorded' || answer.status !== 'recorded') return
  expect('then' in reply ? reply.then : 'go-on').toBe(answer.then)
  checkNamed(reply.queue, run, () => run.name(answer.most, reply.queue.batches))
}

function checkNamed(queue: ToQueue, run: RunModel, name: () => void): void {
  const again = queue.batches.filter((batch) => ['queued', 'running'].includes(run.batches.get(batch)?.state ?? ''))
  expect(again, 'named again while they are queued').toEqual([])
  expect(new Set(queue.batches).size).toBe(queue.batches.length)
  name()
  if (queue.batches.length > 0) expect(queue.generation).toBe(run.generation)
}

const lose = step('lose', fc.record(owner), holds, async ({ which, stale }, world, real) => {
  const { batch, token } = pick(held(world, stale), which)
  expect(await real.store.takeBack(real.id, batch, token)).toBe(world.run?.takeBack(batch, token))
})

/** The run's state as it is refused with. */
function refused(state: string): SteeringReply {
  return { status: 'refused', state } as SteeringReply
}

const DONE = { status: 'done', queue: { batches: [], generation: 0 } }

const pause = step(
  'pause',
  fc.constant(0),
  exists,
  async (_, world, real) => {
    const run = world.run as RunModel
    const no = run.ended || run.closing || run.state === 'halted'
    expect(await real.steering.pause(real.run)).toEqual(no ? refused(run.closing ?? run.state) : DONE)
    if (!no) run.hold('paused')
  },
  ({ run }) => run?.ended === false && !run.held,
)

const resume = step(
  'resume',
  window,
  exists,
  async (most, world, real) => {
    const run = world.run as RunModel
    const reply = await real.steering.resume(real.run, most)
    if (run.closing || !run.held) return expect(reply).toEqual(refused(run.closing ?? run.state))
    if (reply?.status !== 'done') throw new Error('a held run was not resumed')
    const { queue } = reply
    checkNamed(queue, run, () => run.resume(most, queue.batches))
  },
  ({ run }) => run?.held === true,
)

const retry = step(
  'retry',
  window,
  exists,
  async (most, world, real) => {
    const run = world.run as RunModel
    const reply = await real.steering.retry(real.run, most)
    if (!run.ended || run.count('failed') === 0) return expect(reply).toEqual(refused(run.state))
    if (reply?.status !== 'done') throw new Error('a failed run was not retried')
    const { queue } = reply
    checkNamed(queue, run, () => run.retry(most, queue.batches))
  },
  ({ run }) => run?.ended === true && run.count('failed') > 0,
)

const cancel = step('cancel', fc.constant(0), exists, async (_, world, real) => {
  const run = world.run as RunModel
  expect(await real.steering.cancel(real.run)).toEqual(run.ended ? refused(run.state) : DONE)
  if (!run.ended && !run.closing) run.close('cancelled')
})

const timePasses = step(
  'time to start passes',
  fc.constant(0),
  ({ run }) => run?.late === false,
  async (_, world, real) => {
    await real.redis.hset(real.keys.run(real.id), 'expiresAt', real.request.run.createdAt - 1)
    real.seenAnew()
    ;(world.run as RunModel).late = true
  },
)

const expire = step(
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

const list = step(
  'list',
  fc.constant(0),
  exists,
  async (_, world, real) => {
    const run = world.run as RunModel
    const token = `worker-${real.nextNumber()}`
    const started = await real.listing.start(real.id, token)
    expect(started !== undefined).toBe(run.listing !== undefined)
    if (!started || !run.listing) return
    run.listing.token = token
    expect([started.pages, started.rest]).toEqual([run.listing.pages, run.listing.rest])
    world.listings.push(started)
  },
  ({ run }) => run?.listing !== undefined,
)

const page = step(
  'page',
  fc.record({
    which: fc.nat(9),
    records: fc.nat(25),
    then: fc.constantFrom('more', 'more', 'done', 'failed'),
    window,
    repeat: fc.boolean(),
  }),
  ({ listings }) => listings.length > 0,
  async ({ which, records, then, window: most, repeat }, world, real) => {
    const run = world.run as RunModel
    // Mostly the last one, which is the one that counts.
    const listing = world.listings.at(-1 - (which > 6 ? which % world.listings.length : 0)) as World['listings'][number]
    const first = real.nextNumber() % 50
    const listed = Array.from({ length: records }, (_, at) => idOf(first + at))
    const wanted = await real.listing.withoutExcluded(real.id, listed)
    expect(wanted).toEqual(listed.filter((id) => !real.excluded.has(String(id))))
    const ids = then === 'failed' ? listing.rest : [...listing.rest, ...wanted]
    const size = chunkSize(real.request.run)
    const full = then === 'more' ? ids.length - (ids.length % size) : ids.length
    const chunks = Array.from({ length: Math.ceil(full / size) }, (_, at) =>
      ids.slice(at * size, Math.min(full, (at + 1) * size)),
    )
    const rest = ids.slice(full)
    const failed = { failed: { message: 'not listed', kind: 'refused' as const } }
    const content = {
      chunks,
      rest,
      cursor: String(first),
      then: then === 'failed' ? failed : (then as 'more' | 'done'),
      window: most,
    }
    for (let time = 0; time < (repeat ? 2 : 1); time++) {
      const reply = await real.listing.add(listing, content)
      const answer = run.list(
        listing.token,
        listing.pages,
        ids.slice(0, full),
        rest,
        then as 'more' | 'done' | 'failed',
        most,
      )
      checkAnswer(reply, answer, run)
      // What is sent again has the same number.
      if (repeat && time === 0) listing.pages--
    }
    listing.rest = rest
  },
)

const purge = step('purge', fc.constantFrom(undefined, 0, 1), exists, async (age, world, real) => {
  const before = age === undefined ? undefined : Date.now() + (age === 0 ? -1 : 1) * 86_400_000
  const gone = world.run?.ended === true && age !== 0
  expect(await real.index.remove(real.id, before)).toBe(gone)
  if (gone) Object.assign(world, { run: undefined, hands: [], listings: [] })
})

/** How often each kind of step comes: those more often that lead far. */
const weighted: [number, fc.Arbitrary<Command>][] = [
  [2, accept],
  [1, acceptAgain],
  [20, start],
  [2, startAgain],
  [2, begin],
  [24, settle],
  [5, lose],
  [3, pause],
  [6, resume],
  [7, retry],
  [1, cancel],
  [1, timePasses],
  [1, expire],
  [3, list],
  [6, page],
  [1, purge],
]

/** The first step is always an {@link accept}. */
export const steps: fc.Arbitrary<Command>[] = weighted.flatMap(([weight, one]) =>
  Array.from({ length: weight }, () => one),
)
