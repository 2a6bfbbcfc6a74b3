import type { RecordId } from '@flexaction/shared'
import { BulkCallContext, CallContext, type Called } from './context.js'
import type { RunnableAction } from './runnable-action.js'

/** What a handler is called with, besides its context: one id, the ids of a bulk call, or none. */
export interface CallInput {
  ids: readonly (RecordId | null)[]
  params: Record<string, unknown>
}

/** Calls an action's handler, in the shape that its target says (HandlerInput). */
export function invokeHandler(action: RunnableAction, { ids, params }: CallInput, called: Called): unknown {
  // The definition's target decides which of the three shapes the handler's type has.
  const invoke = action.handler as (input: object) => unknown
  if (action.bulk) return invoke({ ids, params, ctx: new BulkCallContext(called) })
  const ctx = new CallContext(called)
  if (action.published.target.kind === 'records') return invoke({ id: ids[0], params, ctx })
  return invoke({ params, ctx })
}
