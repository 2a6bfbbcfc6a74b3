import { newRunId, type NewRun, type Run, runIdTime, type RunSelection, batchSizeFor } from '@flexaction/shared/runs'
import type { CatalogAction } from '../catalog/catalog-view.js'
import type { JsonObject } from '../messages/parse-message.js'

/** What a request asks for, checked. */
export interface Order {
  action: CatalogAction
  model: string | undefined
  form: JsonObject
  selection: RunSelection
}

/** The run of an order. `id`: when it was fixed before, by an Idempotency-Key or a group of requests. */
export function newRun(
  { action, model, selection }: Order,
  user: NewRun['user'],
  requestId: string,
  id = newRunId(Date.now()),
): NewRun {
  const createdAt = runIdTime(id)
  const listing = 'allExcept' in selection
  const total = listing ? 0 : 'only' in selection ? selection.only.length : 1
  return {
    id,
    action: action.name,
    identity: action.identity,
    target: action.target.kind,
    model,
    user,
    requestId,
    total,
    batchSize: batchSizeFor(action.target, listing ? Number.POSITIVE_INFINITY : total),
    createdAt,
    expiresAt: action.startWithin === undefined ? undefined : Date.now() + action.startWithin,
    haltOn: action.haltOn,
    listing,
  }
}

/** The run as it is at its acceptance. */
export function asAccepted(run: NewRun): Run {
  return {
    ...run,
    state: 'waiting',
    counts: { waiting: run.total, active: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0, expired: 0 },
    generation: 0,
    closing: undefined,
    closed: undefined,
    startedAt: undefined,
    finishedAt: undefined,
    directUntil: undefined,
    result: undefined,
    errors: [],
    revision: 1,
  }
}
