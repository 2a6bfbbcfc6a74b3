// Collections and options that do not answer, or never come to an end.
import { defineAction, defineCollection, defineMessage, field, records } from 'flexaction'
import { setTimeout as pause } from 'node:timers/promises'
import { note } from './lib/note.mjs'

const never = () => new Promise((resolve) => setTimeout(resolve, 2 ** 31 - 1))
const page = (/** @type {number} */ from, /** @type {number} */ count) =>
  Array.from({ length: count }, (_, at) => ({ id: from + at, label: `record ${from + at}` }))

/** @param {string} name @param {string} model @param {number} ms */
const visit = (name, model, ms = 0) =>
  defineAction({
    name,
    target: records(model),
    limits: { perWorker: 5 },
    run: async ({ id, ctx }) => {
      note('begin', ctx, [id])
      if (ms) await pause(ms)
    },
  })

/** Ids that are long, and in no order: a million of them are 14 MB. @param {number} n */
const personId = (n) => 1_000_000_000_000 + (Math.imul(n, 2_654_435_761) >>> 0)
const PEOPLE = Number(process.env['PEOPLE'] ?? 10)

export default [
  defineCollection({ name: 'hanging', list: never }),
  defineCollection({ name: 'good', list: () => ({ records: page(1, 10) }) }),
  defineCollection({ name: 'circle', list: () => ({ records: page(1, 1_000), next: 'again' }) }),
  defineCollection({
    name: 'wheel',
    list: ({ cursor }) => ({ records: page(cursor === 'b' ? 1_001 : 1, 1_000), next: cursor === 'a' ? 'b' : 'a' }),
  }),
  defineCollection({
    name: 'endless',
    list: ({ cursor = '1' }) => ({ records: page(Number(cursor), 1_000), next: String(Number(cursor) + 1_000) }),
  }),
  defineCollection({
    name: 'people',
    list: ({ cursor = '0', limit }) => {
      const from = Number(cursor)
      const to = Math.min(PEOPLE, from + limit)
      const records = page(from, to - from).map(({ id, label }) => ({ id: personId(id), label }))
      return { records, ...(to < PEOPLE && { next: String(to) }) }
    },
  }),
  visit('visit_hanging', 'hanging'),
  visit('visit_good', 'good'),
  visit('visit_circle', 'circle', 10_000),
  visit('visit_wheel', 'wheel', 10_000),
  visit('visit_endless', 'endless', 10_000),
  defineAction({
    name: 'visit_people',
    target: records('people', { bulk: true, batchSize: 1_000 }),
    run: ({ ids, ctx }) => note('begin', ctx, ids),
  }),
  defineAction({
    name: 'asks',
    target: records('users'),
    params: {
      hanging: field.select({ required: false, options: /** @type {any} */ (never) }),
      good: field.select({ required: false, options: () => [{ value: 1, name: 'One' }] }),
    },
    run: () => undefined,
  }),
  defineMessage({ name: 'never_answered', timeout: '1s', respond: { waitFor: '2s' }, handle: never }),
]
