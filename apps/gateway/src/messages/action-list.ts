import { type ActionEntry, GET_ACTION_LIST, type PublishedAction } from '@flexaction/shared/catalog'
import { FlexActionError } from '@flexaction/shared/errors'
import type { Logger } from '@flexaction/shared/logging'
import { type MessageRequest, messageTopic, type RpcClient } from '@flexaction/shared/rpc'
import { hash } from 'node:crypto'
import { type Caller, requirePermission } from '../access/caller.js'
import { visibleTo } from '../access/visible-actions.js'
import type { CatalogView } from '../catalog/catalog-view.js'
import { isDefined } from '../catalog/find-action.js'
import { type JsonObject, refuseDeep } from './parse-message.js'

export interface ActionListOptions {
  catalog: CatalogView
  rpc: RpcClient
  /** How long an answer of a worker is waited for, in ms. */
  withinMs: number
  logger: Logger
}

/** A handler's list is asked for anew after this time, in ms. */
const CACHED_MS = 2_000
const MOST_CACHED = 500

/** get_action_list (PROTOCOL.md section 3): the defined actions, and what a handler of that message adds. */
export class ActionList {
  readonly #added = new Map<string, { until: number; entries: readonly ActionEntry[] }>()

  constructor(private readonly options: ActionListOptions) {}

  /** The list as JSON. */
  async read(params: JsonObject, caller: Caller): Promise<Buffer> {
    const { catalog } = this.options
    const handler = catalog.message(GET_ACTION_LIST)
    if (!handler) return catalog.listFor(caller)
    requirePermission(caller, handler.permission, `the message '${GET_ACTION_LIST}'`)
    refuseDeep('ids', params.ids)
    const added = await this.#addedBy(handler, params, caller)
    return Buffer.from(
      JSON.stringify([
        ...visibleTo(caller, catalog.actions).map(({ entry }) => entry),
        ...added.filter(this.#isReachable),
      ]),
    )
  }

  /** The entries of the handler alone, if there is one. */
  async added(caller: Caller): Promise<readonly ActionEntry[]> {
    const handler = this.options.catalog.message(GET_ACTION_LIST)
    return handler ? (await this.#addedBy(handler, {}, caller)).filter(this.#isReachable) : []
  }

  /** What a defined action stands in front of is not listed: a request for it would reach that one. */
  readonly #isReachable = ({ name, model_action: on }: ActionEntry): boolean =>
    ![on?.model].flat().some((model) => isDefined(this.options.catalog.actions, { name, model }))

  /** What the handler lists. While no worker can answer, it is what was listed last. */
  async #addedBy(handler: PublishedAction, params: JsonObject, caller: Caller): Promise<readonly ActionEntry[]> {
    const { catalog, rpc, withinMs, logger } = this.options
    const question: MessageRequest = { params, user: caller }
    const key = hash('sha256', JSON.stringify(question), 'base64')
    const known = this.#added.get(key)
    if (known && known.until > Date.now()) return known.entries
    try {
      const workers = catalog.workersServing(handler.identity).map(({ id }) => id)
      if (workers.length === 0 && known) return known.entries
      const entries = (await rpc.request(messageTopic(GET_ACTION_LIST), question, withinMs, workers)) as ActionEntry[]
      if (this.#added.size >= MOST_CACHED) this.#added.clear()
      this.#added.set(key, { until: Date.now() + CACHED_MS, entries })
      return entries
    } catch (error) {
      if (!known || !(error instanceof FlexActionError)) throw error
      logger.warn({ err: error }, 'the handler of get_action_list does not answer; its last list stays in use')
      return known.entries
    }
  }
}
