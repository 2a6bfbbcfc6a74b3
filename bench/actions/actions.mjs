// The actions that are measured. Those that do nothing show what the product itself costs.
import { common, defineAction, defineCollection, field, records } from '@flexaction/shared'
import { setTimeout as pause } from 'node:timers/promises'

const nothing = defineAction({ name: 'nothing', target: records('users'), run: () => undefined })

/** Waits, as a handler does that asks another service. */
const wait = defineAction({
  name: 'wait',
  target: records('users'),
  params: { ms: field.integer({ min: 1 }) },
  limits: { perWorker: 50 },
  run: ({ params: { ms } }) => pause(ms),
})

const nothingInBulk = defineAction({
  name: 'nothing_in_bulk',
  target: records('users', { bulk: true, batchSize: 500 }),
  run: () => undefined,
})

const ping = defineAction({ name: 'ping', target: common(), run: () => ({ pong: true }) })

const RECORDS = Number(process.env.RECORDS ?? 1_000_000)

const users = defineCollection({
  name: 'users',
  list: async ({ cursor = '1', limit }) => {
    const from = Number(cursor)
    const to = Math.min(RECORDS, from + limit - 1)
    return {
      records: Array.from({ length: to - from + 1 }, (_, at) => ({ id: from + at, label: `user ${from + at}` })),
      next: to < RECORDS ? String(to + 1) : undefined,
    }
  },
})

/** Fills get_action_list up to 50 entries, each with a form. */
const others = Array.from({ length: Number(process.env.OTHER_ACTIONS ?? 0) }, (_, n) =>
  defineAction({
    name: `other_${n + 1}`,
    target: records(`collection_${n + 1}`, { bulk: true }),
    params: {
      subject: field.char({ maxLength: 100 }),
      body: field.text({ required: false }),
      due: field.date({ required: false }),
    },
    run: () => undefined,
  }),
)

export default [nothing, wait, nothingInBulk, ping, users, ...others]
