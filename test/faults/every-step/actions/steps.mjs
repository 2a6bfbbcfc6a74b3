// Actions of the enumerator. Each call leaves a line in the file that CALLS_LOG names: what handlers really did.
import { ActionError, defineAction, defineCollection, field, records } from 'flexaction'
import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** @param {'begin' | 'end' | 'aborted'} what @param {{ run: { id: string }, attempt: number }} ctx @param {unknown[]} ids */
function note(what, ctx, ids) {
  const line = { what, run: ctx.run.id, attempt: ctx.attempt, ids, pid: process.pid, at: Date.now() }
  appendFileSync(String(process.env.CALLS_LOG), `${JSON.stringify(line)}\n`)
}

/** @param {number} ms @param {{ run: { id: string }, attempt: number, signal: AbortSignal }} ctx @param {unknown[]} ids */
async function take(ms, ctx, ids) {
  note('begin', ctx, ids)
  if (ms > 0)
    await pause(ms, undefined, { signal: ctx.signal }).catch((/** @type {unknown} */ error) => {
      note('aborted', ctx, ids)
      throw error
    })
}

const params = { ms: field.integer({ required: false, default: 0 }) }

/** Takes `ms`, and stops when it is told to. */
const work = defineAction({
  name: 'work',
  target: records('people'),
  params,
  limits: { perWorker: 5 },
  run: async ({ id, params: { ms }, ctx }) => {
    await take(ms, ctx, [id])
    note('end', ctx, [id])
  },
})

/** Refuses every fourth record. */
const refuse = defineAction({
  name: 'refuse',
  target: records('people'),
  limits: { perWorker: 5 },
  run: async ({ id, ctx }) => {
    await take(5, ctx, [id])
    note('end', ctx, [id])
    if (Number(id) % 4 === 0) throw new ActionError('refused')
    return { done: id }
  },
})

/** Settles one by one: of each four records one is refused, one skipped, one settled at once. */
const bulk = defineAction({
  name: 'bulk',
  target: records('people', { bulk: true, batchSize: 4 }),
  run: async ({ ids, ctx }) => {
    await take(5, ctx, [...ids])
    for (const id of ids) {
      if (Number(id) % 4 === 0) ctx.fail(id, 'refused')
      if (Number(id) % 4 === 1) ctx.skip(id, 'not needed')
      if (Number(id) % 4 === 2) ctx.succeed(id, { done: id })
    }
    note('end', ctx, [...ids])
  },
})

/** Fails for every fourth record at its first attempt, and is called again by itself. */
const retried = defineAction({
  name: 'retried',
  target: records('people'),
  retry: { attempts: 2, backoff: { type: 'fixed', delay: '50ms' } },
  run: async ({ id, ctx }) => {
    await take(5, ctx, [id])
    if (Number(id) % 4 === 0 && ctx.attempt === 1) throw new Error('broken')
    note('end', ctx, [id])
  },
})

/** The same, and a person must retry it. */
const broken = defineAction({
  name: 'broken',
  target: records('people'),
  run: async ({ id, ctx }) => {
    await take(5, ctx, [id])
    if (Number(id) % 4 === 0 && ctx.attempt === 1) throw new Error('broken')
    note('end', ctx, [id])
  },
})

/** Requests for one record each become one run. */
const gathered = defineAction({
  name: 'gathered',
  target: records('people'),
  coalesce: '100ms',
  run: async ({ id, ctx }) => {
    await take(0, ctx, [id])
    note('end', ctx, [id])
  },
})

/** One at a time, and no run begins later than a second after it was accepted. */
const hasty = defineAction({
  name: 'hasty',
  target: records('people'),
  params,
  startWithin: '1s',
  limits: { perWorker: 1 },
  run: async ({ id, params: { ms }, ctx }) => {
    await take(ms, ctx, [id])
    note('end', ctx, [id])
  },
})

/** Ends its process when it meets a record whose id begins with 'poison'. */
const touchy = defineAction({
  name: 'touchy',
  target: records('people', { batchSize: 10 }),
  limits: { perWorker: 2 },
  run: async ({ id, ctx }) => {
    note('begin', ctx, [id])
    if (String(id).startsWith('poison')) process.exit(7)
    await pause(5)
    note('end', ctx, [id])
  },
})

/** For what is about size: a line per thousand records. */
const many = defineAction({
  name: 'many',
  target: records('crowd', { bulk: true, batchSize: 1_000 }),
  run: async ({ ids, ctx }) => {
    await take(0, ctx, [...ids])
    note('end', ctx, [...ids])
  },
})

/** Shows that new runs are served; leaves no lines. */
const probe = defineAction({ name: 'probe', target: records('people'), run: () => undefined })

/** @param {string} name @param {number} size @param {number} page the most that it lists at once */
const collection = (name, size, page) =>
  defineCollection({
    name,
    list: ({ cursor = '1', limit }) => {
      const from = Number(cursor)
      const to = Math.min(size, from + Math.min(limit, page) - 1)
      return {
        records: Array.from({ length: to - from + 1 }, (_, at) => ({ id: from + at, label: `record ${from + at}` })),
        next: to < size ? String(to + 1) : undefined,
      }
    },
  })

export default [
  ...[work, refuse, bulk, retried, broken, gathered, hasty, touchy, many, probe],
  ...[collection('people', 30, 10), collection('crowd', 20_000, 1_000)],
]
