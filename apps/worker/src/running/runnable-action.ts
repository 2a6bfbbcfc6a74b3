import type { ActionDefinition, RetryPolicy } from '@flexaction/shared'
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
    parseForm: compileForm(published.entry.params ?? [], { unknownParams: published.unknownParams }),
    handler: options.run,
  }
}
