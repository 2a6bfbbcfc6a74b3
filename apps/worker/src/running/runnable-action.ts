import type { ActionDefinition, Limits, RetryPolicy } from '@flexaction/shared'
import type { TurnLimits } from '@flexaction/shared/limits'
import { describeAction, type PublishedAction } from '@flexaction/shared/catalog'
import { parseDuration } from '@flexaction/shared/config'
import { compileForm, type CompiledForm } from '@flexaction/shared/fields'

const DEFAULT_TIMEOUT_MS = 5 * 60_000

/** An action, ready to be run: its definition with every default filled in. */
export interface RunnableAction {
  published: PublishedAction
  bulk: boolean
  slots: number
  timeoutMs: number
  retry: RetryPolicy | undefined
  /** Limits that hold over all workers; `undefined` for an action without any. */
  limits: TurnLimits | undefined
  parseForm: CompiledForm
  handler: ActionDefinition['options']['run']
}

export function makeRunnable(definition: ActionDefinition): RunnableAction {
  const published = describeAction(definition)
  const { options, target } = definition
  return {
    published,
    bulk: target.kind === 'records' && target.bulk,
    slots: published.slots,
    timeoutMs: parseDuration(options.timeout ?? '') ?? DEFAULT_TIMEOUT_MS,
    retry: options.retry,
    limits: limitsOf(options.limits),
    parseForm: compileForm(published.entry.params ?? [], { unknownParams: published.unknownParams }),
    handler: options.run,
  }
}

function limitsOf({ concurrency, rate }: Limits = {}): TurnLimits | undefined {
  if (concurrency === undefined && rate === undefined) return undefined
  return { concurrency, rate: rate && { max: rate.max, perMs: parseDuration(rate.per) ?? 0 } }
}
