import type { RecordId } from '@flexaction/shared'
import { FlexActionError } from '@flexaction/shared/errors'
import type { Logger } from '@flexaction/shared/logging'
import type { BatchQueues } from '@flexaction/shared/queues'
import {
  batchSizeFor,
  hasEnded,
  isStaged,
  newRunId,
  type NewRun,
  type Run,
  type RunEndings,
  type RunReader,
  type RunStore,
  windowFor,
} from '@flexaction/shared/runs'
import { requireRole } from '../access/authenticator.js'
import type { CatalogAction, CatalogView } from '../catalog/catalog-view.js'
import { findAction } from '../catalog/find-action.js'
import { callerOf, type GatewayContext } from '../http/context.js'
import { answerEnded, answerQueued } from './answer-run.js'
import { type JsonObject, parseParams } from './parse-message.js'
import { waitFor } from './prefer.js'
import {
  type Problems,
  readSelection,
  refuseSelection,
  type SelectionParts,
  selectionParts,
  selects,
} from './selection.js'

export interface ExecuteActionOptions {
  catalog: CatalogView
  store: RunStore
  queues: BatchQueues
  reader: RunReader
  endings: RunEndings
  maxIds: number
  waitMaxMs: number
  /** Path under which runs are read: the Location header. */
  runsPath: string
}

/** What a request asks for, checked. */
interface Order {
  action: CatalogAction
  model: string | undefined
  form: JsonObject
  /** `null` for collection and common actions. */
  ids: readonly RecordId[] | null
}

/** execute_action (PROTOCOL.md sections 4 and 5): check everything, store the run, queue it, and answer or wait. */
export class ExecuteAction {
  constructor(private readonly options: ExecuteActionOptions) {}

  async answer(ctx: GatewayContext, params: JsonObject): Promise<void> {
    const order = await this.#check(ctx, params)
    const { waitMaxMs, runsPath, reader } = this.options
    const wait = waitFor(ctx.get('Prefer'), order.action.waitMs, waitMaxMs)
    const run = newRun(order, callerOf(ctx), ctx.state.requestId)
    ctx.state.logged = { action: order.action.identity, run: run.id, items: run.total }

    const gone = new AbortController()
    const ended = wait.ms > 0 ? this.options.endings.wait(run.id, wait.ms, gone.signal) : Promise.resolve(undefined)
    // A caller that hangs up waits no longer; its run goes on.
    const hangUp = (): void => gone.abort()
    ctx.res.once('close', hangUp)
    try {
      await this.#accept(run, order, ctx.state.logger)
      ctx.set('X-Run-Id', run.id)
      ctx.set('Location', `${runsPath}/${run.id}`)
      if (wait.applied !== undefined) ctx.set('Preference-Applied', wait.applied)
      const known = (await ended) ?? (wait.ms > 0 ? await reader.run(run.id) : undefined)
      if (known && hasEnded(known)) answerEnded(ctx, known)
      else answerQueued(ctx, known ?? asAccepted(run))
    } finally {
      hangUp()
      ctx.res.off('close', hangUp)
    }
  }

  async #check(ctx: GatewayContext, params: JsonObject): Promise<Order> {
    const name = readText('name', params.name, true)
    const model = readText('model', params.model, false)
    const parts = selectionParts(params, parseParams(params.params))
    const action = findAction(this.options.catalog.actions, name ?? '', model, selects(parts))
    requireRole(callerOf(ctx), action.permission, `running '${action.name}'`)

    const problems: Problems = {}
    const ids = await this.#checkSelection(action, model, parts, problems)
    const form = action.parseForm(parts.form)
    if (!form.ok) Object.assign(problems, { ...form.errors, ...problems })
    if (Object.keys(problems).length > 0) throw FlexActionError.fields(problems)
    const [onlyModel, ...others] = action.target.kind === 'common' ? [] : action.target.models
    return { action, model: model ?? (others.length === 0 ? onlyModel : undefined), form: parts.form, ids }
  }

  async #checkSelection(
    action: CatalogAction,
    model: string | undefined,
    parts: SelectionParts,
    problems: Problems,
  ): Promise<readonly RecordId[] | null> {
    if (action.target.kind !== 'records') {
      refuseSelection(parts, problems)
      return null
    }
    const selection = await readSelection(parts, this.options.maxIds, problems)
    if (selection.mode === 'allExcept') {
      const collection = model ?? action.target.models[0]
      problems.inverseIds = [
        `'${action.name}' cannot run on all records except some: its workers cannot list '${collection}'. Select the records themselves`,
      ]
    }
    return selection.ids
  }

  async #accept(run: NewRun, { action, form, ids }: Order, logger: Logger): Promise<void> {
    const { store, queues, catalog } = this.options
    const callsPerBatch = action.target.kind === 'records' && action.target.bulk ? 1 : run.batchSize
    const window = windowFor(callsPerBatch, catalog.workersFor(action.identity), action.slots)
    const first = Math.min(window, Math.ceil(run.total / run.batchSize))
    const stored = store.accept({ run, form, ids, queueNow: first })
    // The ids of large runs take several writes: a job must not come before the last of them. Otherwise both are sent at
    // once; a job whose run could not be stored finds nothing to do.
    if (isStaged(run)) await stored
    const queued = queues
      .add(
        run,
        Array.from({ length: first }, (_, batch) => batch),
      )
      .catch((error: unknown) => {
        logger.error({ err: error, run: run.id }, 'queuing the first batches failed; the reconciler will do it')
      })
    await Promise.all([stored, queued])
  }
}

function newRun({ action, model, ids }: Order, user: NewRun['user'], requestId: string): NewRun {
  const createdAt = Date.now()
  const total = ids === null ? 1 : ids.length
  return {
    id: newRunId(createdAt),
    action: action.name,
    identity: action.identity,
    target: action.target.kind,
    model,
    user,
    requestId,
    total,
    batchSize: batchSizeFor(action.target, total),
    createdAt,
  }
}

/** The run as it is at its acceptance. */
function asAccepted(run: NewRun): Run {
  return {
    ...run,
    state: 'waiting',
    counts: { waiting: run.total, active: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0, expired: 0 },
    startedAt: undefined,
    finishedAt: undefined,
    result: undefined,
    errors: [],
    revision: 1,
  }
}

function readText(key: string, value: unknown, required: boolean): string | undefined {
  if (value === undefined || value === null || value === '') {
    if (required) throw FlexActionError.fields({ [key]: ['this field is required'] })
    return undefined
  }
  if (typeof value !== 'string')
    throw FlexActionError.fields({ [key]: [`must be a text, received ${JSON.stringify(value)}`] })
  return value
}
