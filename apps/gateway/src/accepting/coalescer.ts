import type { RecordId } from '@flexaction/shared'
import type { Logger } from '@flexaction/shared/logging'
import { newRunId, type NewRun } from '@flexaction/shared/runs'
import type { Acceptor } from './acceptor.js'
import type { Order, RunFactory } from './order.js'

/** A run that several requests are about to make together. */
interface Group {
  runId: string
  ids: Map<string, RecordId>
  accepted: Promise<NewRun>
}

/** A request's part in it. */
export interface Membership {
  runId: string
  /** Resolves when the run is stored. */
  accepted: Promise<NewRun>
  /** The request's record, by its place in the run. */
  position: number
}

/**
 * Joins requests for one record each into one run: Jet Admin sends one request per selected row of an action that is not
 * bulk. Those of one user with the same role and groups, for one action, with the same form, that come within the action's `coalesce` belong together. A
 * record that comes twice is called once, for both. Requests that reach different gateways make different runs.
 */
export class Coalescer {
  readonly #groups = new Map<string, Group>()

  constructor(
    private readonly acceptor: Acceptor,
    private readonly factory: RunFactory,
  ) {}

  /** `undefined`: the request is a run of its own. */
  join(order: Order, user: NewRun['user'], requestId: string, logger: Logger): Membership | undefined {
    const { action, model, form, selection } = order
    if (action.coalesce === undefined || !('only' in selection) || selection.only.length !== 1) return undefined
    const [id] = selection.only as [RecordId]
    const key = JSON.stringify([user.name, user.role, user.groups, action.identity, model, form])
    let group = this.#groups.get(key)
    if (!group) {
      const opened = { runId: newRunId(this.factory.now()), ids: new Map<string, RecordId>() }
      const closed = new Promise<void>((resolve) => setTimeout(resolve, action.coalesce))
      group = { ...opened, accepted: closed.then(() => this.#accept(key, order, user, requestId, logger)) }
      // Every member of the group hears of a failure; without any it must not count as unhandled.
      group.accepted.catch(() => undefined)
      this.#groups.set(key, group)
    }
    const text = String(id)
    if (!group.ids.has(text)) group.ids.set(text, id)
    return { runId: group.runId, accepted: group.accepted, position: [...group.ids.keys()].indexOf(text) }
  }

  async #accept(key: string, order: Order, user: NewRun['user'], requestId: string, logger: Logger): Promise<NewRun> {
    const group = this.#groups.get(key)
    this.#groups.delete(key)
    const joined: Order = { ...order, selection: { only: [...(group?.ids.values() ?? [])] } }
    const run = this.factory.make(joined, user, requestId, { id: group?.runId, waited: true })
    await this.acceptor.accept(run, joined, logger)
    return run
  }
}
