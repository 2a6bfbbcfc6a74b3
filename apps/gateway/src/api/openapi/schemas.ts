import { ITEM_STATES, OUTCOMES, RUN_STATES } from '@flexaction/shared/runs'
import { z } from 'zod'
import { ROLES } from '../../access/caller.js'

/** What the API answers, as schemas: the document is made from them, and tests hold real answers against them. */

const time = z.iso.datetime().meta({ description: 'ISO 8601' })
const count = z.int().min(0)
const recordId = z.union([z.string(), z.number()]).meta({ description: 'As the request sent it' })
const role = z.enum(ROLES)
const target = z.enum(['records', 'collection', 'common'])

const counts = z.strictObject({
  waiting: count,
  active: count,
  succeeded: count,
  failed: count,
  skipped: count,
  cancelled: count,
  expired: count,
})

const ms = z.int().min(0)
const times = z.strictObject({ calls: count, slotMs: ms, limitMs: ms, handlerMs: ms, retryMs: ms }).meta({
  description:
    'Where the handler calls spent their time: sums over all of them, in ms. Waiting for a free slot, and for limits over all workers; in the handler; in pauses before retries',
})

export const run = z.strictObject({
  id: z.string(),
  action: z.string(),
  target,
  model: z.string().optional(),
  state: z.enum(RUN_STATES),
  total: count,
  counts,
  user: z.string(),
  createdAt: time,
  expiresAt: time.optional(),
  listing: z.literal(true).optional(),
  listingFailed: z.string().optional(),
  cancelling: z.literal(true).optional(),
  damaged: z.string().optional(),
  startedAt: time.optional(),
  finishedAt: time.optional(),
  times: times.optional(),
  result: z.unknown().optional(),
  errors: z.array(z.strictObject({ id: recordId.optional(), message: z.string() })).optional(),
})

const formerOutcome = z.strictObject({
  state: z.enum(OUTCOMES),
  attempts: count,
  message: z.string().optional(),
  startedAt: time.optional(),
  finishedAt: time.optional(),
})

export const item = z.strictObject({
  id: recordId.optional(),
  state: z.enum(ITEM_STATES),
  attempts: count,
  message: z.string().optional(),
  result: z.unknown().optional(),
  startedAt: time.optional(),
  finishedAt: time.optional(),
  progress: z.number().min(0).max(100).optional(),
  former: z.array(formerOutcome).optional(),
})

const next = z.string().optional().meta({ description: 'Where the next page starts; absent on the last one' })
export const runsPage = z.strictObject({ runs: z.array(run), next })
export const itemsPage = z.strictObject({ items: z.array(item), next })

export const runInput = z.strictObject({
  form: z.record(z.string(), z.unknown()).meta({ description: '`[secret]` stands for the values of secret fields' }),
  selection: z.union([
    z.strictObject({ mode: z.literal('none') }),
    z.strictObject({ mode: z.enum(['only', 'allExcept']), ids: z.array(recordId), total: count }),
  ]),
  user: z.strictObject({ name: z.string(), role }),
  requestId: z.string(),
  identity: z.string(),
})

export const itemLog = z.strictObject({
  lines: z.array(z.string()),
  items: count,
  worker: z.string().optional().meta({
    description:
      'Host and process id of the worker that has taken the batch last; kept for the last 1,000 batches of each action',
  }),
})

const queueDepth = z.strictObject({
  waiting: count,
  active: count,
  delayed: count,
  failed: count,
  oldestWaitMs: z.number().optional(),
})

export const actions = z.strictObject({
  actions: z.array(
    z.strictObject({
      identity: z.string(),
      name: z.string(),
      target: z.looseObject({ kind: target }),
      entry: z.looseObject({ name: z.string() }).meta({ description: 'As get_action_list shows it' }),
      permission: z.union([role, z.strictObject({ groups: z.array(z.string()) })]),
      workers: count,
      pendingItems: count.meta({ description: 'Items that are waiting or active, over all runs of the action' }),
      queue: queueDepth,
    }),
  ),
  collections: z.array(z.string()),
})

export const scale = z.strictObject({
  items: count.meta({ description: 'Items that are waiting or active' }),
  calls: count.meta({ description: 'Handler calls that these are, and listings of records: what takes a slot' }),
  oldestWaitSeconds: z
    .number()
    .min(0)
    .meta({ description: 'How long the oldest batch or listing that no worker has taken has been waiting' }),
  workers: count.meta({ description: 'Live workers' }),
})

export const workers = z.strictObject({
  workers: z.array(
    z.strictObject({
      id: z.string(),
      group: z.string(),
      host: z.string(),
      pid: z.int(),
      version: z.string(),
      startedAt: time,
      actions: z.array(z.string()),
      collections: z.array(z.string()),
      busy: count.optional(),
      slots: count.optional(),
    }),
  ),
})

export const history = z.strictObject({
  span: z.enum(['hour', 'day']),
  intervalMs: count,
  points: z.array(
    z.strictObject({
      at: time,
      succeeded: count,
      failed: count,
      skipped: count,
      cancelled: count,
      started: count,
      waitedMs: z.number(),
    }),
  ),
})

export const collections = z.strictObject({
  collections: z.array(z.strictObject({ name: z.string(), workers: count })),
})

export const recordsPage = z.strictObject({
  records: z.array(z.strictObject({ id: recordId, label: z.string() })),
  next,
})

const headers = z.record(z.string(), z.string())
export const wire = z.strictObject({
  entries: z.array(
    z.strictObject({
      id: z.string(),
      at: time,
      name: z.string(),
      user: z.string().optional(),
      action: z.string().optional(),
      ms: z.number(),
      request: z.strictObject({ headers, body: z.string() }),
      answer: z.strictObject({ status: z.int(), headers, body: z.string() }),
    }),
  ),
})

export const session = z.strictObject({ name: z.string(), role, version: z.string() }).nullable()
export const login = z.strictObject({ token: z.string() })
export const failures = z.strictObject({
  groups: z.array(
    z.strictObject({
      failure: z.string(),
      count,
      example: z.string(),
      first: time,
      last: time,
      records: z.array(recordId),
    }),
  ),
  other: count,
})
/** Records that one retry names, at most. */
const MOST_RETRIED = 10_000
const outcomeToRetry = z.enum(['failed', 'cancelled', 'expired'])
export const retry = z.strictObject({
  items: z
    .array(z.union([z.string(), z.number()]))
    .min(1)
    .max(MOST_RETRIED)
    .optional()
    .meta({ description: 'Ids of records' }),
  failure: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'The fingerprint of a failure, as /runs/:id/failures has it' }),
  state: outcomeToRetry.optional().meta({ description: 'Items with this outcome' }),
  search: z.string().min(1).optional().meta({ description: 'Part of an id or a message' }),
})
export const version = z.strictObject({ version: z.string(), type: z.literal('flexaction') })
export const error = z.strictObject({ detail: z.string(), code: z.string() })
export const fieldErrors = z
  .record(z.string(), z.array(z.string()).min(1))
  .meta({ description: 'Messages by field; those about the whole stand under `non_field_errors`' })
export const jetError = z.strictObject({ detail: z.string() })
export const queuedRun = z.strictObject({ result: z.literal(true), run })

export const message = z
  .looseObject({
    name: z.string(),
    params: z.union([z.record(z.string(), z.unknown()), z.string(), z.null(), z.tuple([])]).optional(),
  })
  .meta({ description: 'get_action_list, execute_action, get_field_options, or a message of your own' })
