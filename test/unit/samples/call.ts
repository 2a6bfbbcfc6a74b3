import { randomUUID } from 'node:crypto'
import type { ActionDefinition, BulkContext, RecordId } from '@flexaction/shared'

export interface Settled {
  state: 'succeeded' | 'failed' | 'skipped'
  detail: unknown
}

export interface CallOptions {
  id?: RecordId
  ids?: readonly RecordId[]
  params?: Readonly<Record<string, unknown>>
  idempotencyKey?: string
  signal?: AbortSignal
  onProgress?: (percent: number) => void
}

/** Calls an action's handler as a worker would. `settled` fills while the handler runs; `result` is what it returns. */
export function call(
  action: ActionDefinition,
  options: CallOptions = {},
): { result: Promise<unknown>; settled: Map<RecordId, Settled> } {
  const { idempotencyKey = randomUUID(), signal = new AbortController().signal, onProgress = () => {} } = options
  const settled = new Map<RecordId, Settled>()
  const ctx: BulkContext = {
    signal,
    attempt: 1,
    run: { id: 'run-1', action: action.name, model: undefined, createdAt: new Date('2026-03-04T05:06:07.890Z') },
    user: { name: 'ann', role: 'operator', groups: [] },
    idempotencyKey,
    // No sample writes to it.
    logger: {} as BulkContext['logger'],
    log: () => {},
    progress: onProgress,
    succeed: (id, result) => settled.set(id, { state: 'succeeded', detail: result }),
    fail: (id, message) => settled.set(id, { state: 'failed', detail: message }),
    skip: (id, why) => settled.set(id, { state: 'skipped', detail: why }),
  }
  const input = { id: options.id, ids: options.ids, params: options.params ?? {}, ctx }
  return { result: (async () => action.options.run(input as never))(), settled }
}
