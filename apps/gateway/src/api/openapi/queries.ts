import { ITEM_STATES, RUN_STATES } from '@flexaction/shared/runs'
import { z } from 'zod'
import { numberParam, textParam, timeParam, wordParam } from '../query.js'

/** The parameters of each route: requests are read by them, and the document is made from them. */

const MOST_PER_PAGE = 1_000
const limit = numberParam('Most entries of the page', 1, MOST_PER_PAGE, 50)
const cursor = textParam("The last page's `next`")

export const nextQuery = z.object({ next: textParam('The page of the console to go to then') })

export const runsQuery = z.object({
  action: textParam("The action's name"),
  state: wordParam("The run's state", RUN_STATES),
  user: textParam('Who started it'),
  model: textParam('The collection'),
  record: textParam('The id of a record that it was for'),
  cursor,
  limit,
})

export const itemsQuery = z.object({
  state: wordParam("The item's state", ITEM_STATES),
  search: textParam('Part of an id or a message'),
  failure: textParam('The fingerprint of a failure, as /runs/:id/failures has it'),
  record: textParam('The id of a record'),
  cursor: numberParam("The last page's `next`", 0, Number.MAX_SAFE_INTEGER, 0),
  limit,
})

export const csvQuery = itemsQuery.pick({ state: true, search: true, failure: true })
export const failuresQuery = z.object({
  action: textParam("The action's name; default: all"),
  since: timeParam('Runs that were accepted later; default: all'),
})
export const inputQuery = z.object({ ids: wordParam('How many ids are shown', ['first', 'all']) })
export const logQuery = z.object({ record: textParam('The id of a record; default: the first batch') })
export const historyQuery = z.object({
  span: wordParam('How far back', ['hour', 'day']),
  action: textParam("The action's identity; default: all"),
})
export const scaleQuery = z.object({ group: textParam('A WORKER_GROUP; default: all workers') })
export const recordsQuery = z.object({ search: textParam('What a person typed'), cursor, limit })
export const fileQuery = z.object({ expires: textParam('Epoch ms'), signature: textParam('Of id and time') })
