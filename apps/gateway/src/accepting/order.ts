import type { RedisClock } from '@flexaction/shared/redis'
import {
  cutFor,
  longestOf,
  newRunId,
  readTimes,
  type NewRun,
  type Run,
  type RunEndings,
  runIdTime,
  type RunSelection,
} from '@flexaction/shared/runs'
import type { CatalogAction } from '../catalog/catalog-view.js'
import type { JsonObject } from '../messages/parse-message.js'

/** What a request asks for, checked. */
export interface Order {
  action: CatalogAction
  model: string | undefined
  form: JsonObject
  selection: RunSelection
}

export interface RunFactoryOptions {
  clock: Pick<RedisClock, 'now'>
  /** Measured length of an action's calls, in ms. */
  callLength(identity: string): number | undefined
  /** Where ends of runs are told to this gateway. */
  endings: Pick<RunEndings, 'channel'>
}

/** Makes the runs of orders. */
export class RunFactory {
  constructor(private readonly options: RunFactoryOptions) {}

  /** Redis's time, epoch ms. */
  now(): number {
    return this.options.clock.now()
  }

  /** `id`: when it was fixed before, by an Idempotency-Key or a group of requests. `waited`: somebody waits for its end. */
  make(
    { action, model, selection }: Order,
    user: NewRun['user'],
    requestId: string,
    { id = newRunId(this.now()), waited }: { id?: string | undefined; waited: boolean },
  ): NewRun {
    const listing = 'allExcept' in selection
    const total = listing ? 0 : 'only' in selection ? selection.only.length : 1
    const longestId = 'only' in selection ? longestOf(selection.only) : LONGEST_LISTED_ID
    const cut = cutFor(
      action,
      listing ? Number.POSITIVE_INFINITY : total,
      this.options.callLength(action.identity),
      longestId,
    )
    return {
      id,
      action: action.name,
      identity: action.identity,
      target: action.target.kind,
      model,
      user: { name: user.name, role: user.role, groups: user.groups },
      permission: action.permission,
      requestId,
      total,
      ...cut,
      createdAt: runIdTime(id),
      expiresAt: action.startWithin === undefined ? undefined : this.now() + action.startWithin,
      haltOn: action.haltOn,
      listing,
      ...(waited && { waiter: this.options.endings.channel }),
    }
  }
}

/** Ids that are listed later are not known yet: that long they may be without a chunk becoming too large. */
const LONGEST_LISTED_ID = 100

/** The run as it is at its acceptance. */
export function asAccepted(run: NewRun): Run {
  return {
    ...run,
    state: 'waiting',
    counts: { waiting: run.total, active: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0, expired: 0 },
    generation: 0,
    closing: undefined,
    closed: [],
    startedAt: undefined,
    finishedAt: undefined,
    listingFailed: undefined,
    times: readTimes(''),
    result: undefined,
    errors: [],
    revision: 1,
  }
}
