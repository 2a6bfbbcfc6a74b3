import { FlexActionError } from '@flexaction/shared/errors'
import { hasEnded, newRunId, type NewRun, type Run, type RunEndings, type RunReader } from '@flexaction/shared/runs'
import type { Keyring } from '@flexaction/shared/secrets'
import type { Acceptor } from '../accepting/acceptor.js'
import type { Coalescer, Membership } from '../accepting/coalescer.js'
import type { Claim, IdempotencyKeys } from '../accepting/idempotency-keys.js'
import { asAccepted, type Order, type RunFactory } from '../accepting/order.js'
import { requirePermission } from '../access/caller.js'
import type { CatalogAction, CatalogView } from '../catalog/catalog-view.js'
import { callerOf, type GatewayContext } from '../http/context.js'
import { answerEnded, answerItem, answerMessage, answerQueued } from './answer-run.js'
import type { FieldOptions } from './field-options.js'
import { type FormBounds, requireBoundedForm } from './form-bounds.js'
import type { JsonObject } from './parse-message.js'
import { waitFor } from './prefer.js'
import { readOrder } from './read-order.js'

export interface ExecuteActionOptions {
  catalog: CatalogView
  acceptor: Acceptor
  factory: RunFactory
  coalescer: Coalescer
  idempotencyKeys: IdempotencyKeys
  reader: RunReader
  endings: RunEndings
  keyring: Keyring
  maxIds: number
  formBounds: FormBounds
  waitMaxMs: number
  /** Path under which runs are read: the Location header. */
  runsPath: string
}

/** execute_action (PROTOCOL.md sections 4 and 5): check everything, store the run, queue it, and answer or wait. */
export class ExecuteAction {
  constructor(private readonly options: ExecuteActionOptions) {}

  async answer(ctx: GatewayContext, params: JsonObject, options: FieldOptions): Promise<void> {
    const { catalog, maxIds, formBounds, coalescer } = this.options
    const order = await readOrder(params, callerOf(ctx), { catalog, options, maxIds, formBounds })
    const key = ctx.get('Idempotency-Key')
    const { requestId, logger } = ctx.state
    const joined = key === '' ? coalescer.join(order, callerOf(ctx), requestId, logger) : undefined
    if (joined) await this.#answerJoined(ctx, order, joined)
    else await this.#answerRun(ctx, order, params, key)
  }

  /** A custom message: a run with one item, answered with what its handler returns. */
  async answerMessage(ctx: GatewayContext, message: CatalogAction, params: JsonObject): Promise<void> {
    requirePermission(callerOf(ctx), message.permission, `the message '${message.name}'`)
    requireBoundedForm(params, this.options.formBounds)
    const order: Order = { action: message, model: undefined, form: params, selection: { none: true } }
    await this.#answerRun(ctx, order, params, ctx.get('Idempotency-Key'))
  }

  async #answerRun(ctx: GatewayContext, order: Order, params: JsonObject, key: string): Promise<void> {
    const { acceptor, factory, idempotencyKeys, reader, keyring } = this.options
    const caller = callerOf(ctx)
    const secrets = order.action.secretFields && keyring
    const claim = key === '' ? undefined : await idempotencyKeys.claim(caller.name, key, params, secrets)
    const before = claim?.replayed ? await this.#replayed(ctx, claim) : undefined
    const id = claim?.runId ?? newRunId(factory.now())
    const accept = async (waited: boolean): Promise<Run | NewRun> => {
      if (before) return before
      const run = factory.make(order, caller, ctx.state.requestId, { id, waited })
      await acceptor.accept(run, order, ctx.state.logger)
      if (claim) await idempotencyKeys.accepted(caller.name, key, params, secrets, run.id)
      return run
    }
    // A run with a key may have been accepted before, for somebody else.
    const wait = { runId: id, beforehandMs: 0, told: claim === undefined }
    const { accepted, waited, ended } = await this.#acceptAndWait(ctx, order, wait, accept)
    const known = ended ?? (waited ? await reader.run(id) : before)
    if (!known || !hasEnded(known)) answerQueued(ctx, known ?? asAccepted(accepted))
    else if (order.action.message) answerMessage(ctx, known, order.action.name === 'execute_action' ? 201 : 200)
    else answerEnded(ctx, known)
  }

  /** The run of a key that was used before; `undefined` when its acceptance was cut short: then it is made up for. */
  async #replayed(ctx: GatewayContext, { runId, accepted }: Claim): Promise<Run | undefined> {
    ctx.set('Idempotent-Replayed', 'true')
    const run = await this.options.reader.run(runId)
    if (!run && accepted)
      throw new FlexActionError('conflict', 'The run of this Idempotency-Key is no longer kept: use a new key')
    return run
  }

  async #answerJoined(ctx: GatewayContext, order: Order, { runId, accepted, position }: Membership): Promise<void> {
    const { reader } = this.options
    const { ended } = await this.#acceptAndWait(
      ctx,
      order,
      { runId, beforehandMs: order.action.coalesce ?? 0, told: true },
      () => accepted,
    )
    const run = ended ?? (await reader.run(runId)) ?? asAccepted(await accepted)
    const item = await reader.item(run, position)
    if (item && item.history.state !== 'waiting') answerItem(ctx, run, item)
    else answerQueued(ctx, run)
  }

  /** Accepts a run and waits for its end, for as long as the request and the action say. */
  async #acceptAndWait(
    ctx: GatewayContext,
    order: Order,
    { runId, beforehandMs, told }: { runId: string; beforehandMs: number; told: boolean },
    accept: (waits: boolean) => Promise<Run | NewRun>,
  ): Promise<{ accepted: Run | NewRun; waited: boolean; ended: Run | undefined }> {
    const { waitMaxMs, runsPath, endings, acceptor } = this.options
    const wait = waitFor(ctx.get('Prefer'), order.action.waitMs, waitMaxMs)
    // Before the run is accepted, so that its end cannot be missed.
    const waiting = wait.ms > 0 ? endings.wait(runId, wait.ms + beforehandMs, told) : undefined
    const endNudges = waiting && acceptor.waitedFor(order.action)
    // A caller that hangs up waits no longer; its run goes on.
    const hangUp = (): void => waiting?.giveUp()
    ctx.res.once('close', hangUp)
    try {
      const accepted = await accept(waiting !== undefined)
      ctx.state.logged = { action: order.action.identity, run: runId, items: accepted.total }
      ctx.set('X-Run-Id', runId)
      ctx.set('Location', `${ctx.state.base}${runsPath}/${runId}`)
      if (wait.applied !== undefined) ctx.set('Preference-Applied', wait.applied)
      if ('state' in accepted && hasEnded(accepted)) return { accepted, waited: false, ended: accepted }
      return { accepted, waited: waiting !== undefined, ended: await waiting?.ended }
    } finally {
      hangUp()
      endNudges?.()
      ctx.res.off('close', hangUp)
    }
  }
}
