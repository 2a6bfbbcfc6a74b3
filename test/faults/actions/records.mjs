// Actions of the fault suite. Each call leaves a line in the file that CALLS_LOG names: what handlers really did.
import { defineAction, defineCollection, field, records } from 'flexaction'
import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** The time as it is, also where a test has set the process's wall clock wrong. */
const realTime = () => Math.round(performance.timeOrigin + performance.now())

/** @param {'begin' | 'end' | 'aborted'} what @param {{ run: { id: string }, attempt: number }} ctx @param {unknown[]} ids */
function note(what, ctx, ids) {
  const line = { what, run: ctx.run.id, attempt: ctx.attempt, ids, pid: process.pid, at: realTime() }
  appendFileSync(String(process.env.CALLS_LOG), `${JSON.stringify(line)}\n`)
}

const params = { ms: field.integer({ required: false, default: 0 }) }

/** Takes `ms`, and does not care about being told to stop. */
const work = defineAction({
  name: 'work',
  target: records('users'),
  params,
  limits: { perWorker: 20 },
  run: async ({ id, params: { ms }, ctx }) => {
    note('begin', ctx, [id])
    if (ms) await pause(ms)
    note('end', ctx, [id])
  },
})

/** Takes `ms`, and stops when it is told to. */
const heed = defineAction({
  name: 'heed',
  target: records('users'),
  params,
  limits: { perWorker: 20 },
  run: async ({ id, params: { ms }, ctx }) => {
    note('begin', ctx, [id])
    try {
      await pause(ms, undefined, { signal: ctx.signal })
    } catch (error) {
      note('aborted', ctx, [id])
      throw error
    }
    note('end', ctx, [id])
  },
})

const bulk = defineAction({
  name: 'bulk',
  target: records('users', { bulk: true, batchSize: 50 }),
  params,
  run: async ({ ids, params: { ms }, ctx }) => {
    note('begin', ctx, [...ids])
    if (ms) await pause(ms)
    note('end', ctx, [...ids])
  },
})

/** Ends its process when it meets the record 'poison'. */
const touchy = defineAction({
  name: 'touchy',
  target: records('users', { batchSize: 50 }),
  limits: { perWorker: 5 },
  run: async ({ id, ctx }) => {
    note('begin', ctx, [id])
    if (id === 'poison') process.exit(7)
    await pause(20)
    note('end', ctx, [id])
  },
})

/** Fails for every tenth record, until a retry of its run. */
const flaky = defineAction({
  name: 'flaky',
  target: records('users'),
  retry: { attempts: 2, backoff: { type: 'fixed', delay: '50ms' } },
  run: ({ id, ctx }) => {
    note('begin', ctx, [id])
    if (Number(id) % 10 === 0 && ctx.attempt <= 2) throw new Error('broken')
    note('end', ctx, [id])
  },
})

/** At most 3 at once, over all workers. */
const narrow = defineAction({
  name: 'narrow',
  target: records('users'),
  limits: { concurrency: 3 },
  run: async ({ id, ctx }) => {
    note('begin', ctx, [id])
    await pause(10)
    note('end', ctx, [id])
  },
})

/** At most 20 in any half second, over all workers. */
const paced = defineAction({
  name: 'paced',
  target: records('users'),
  limits: { rate: { max: 20, per: '500ms' } },
  run: ({ id, ctx }) => note('begin', ctx, [id]),
})

/** Leaves no lines: for what is about size. */
const silent = defineAction({ name: 'silent', target: records('users'), run: () => undefined })

const SIZE = Number(process.env.USERS ?? 1_000)

const users = defineCollection({
  name: 'users',
  list: async ({ cursor = '1', limit }) => {
    const from = Number(cursor)
    const to = Math.min(SIZE, from + limit - 1)
    return {
      records: Array.from({ length: to - from + 1 }, (_, at) => ({ id: from + at, label: `user ${from + at}` })),
      next: to < SIZE ? String(to + 1) : undefined,
    }
  },
})

export default [work, heed, bulk, touchy, flaky, narrow, paced, silent, users]
