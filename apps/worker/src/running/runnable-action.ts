import type { ActionDefinition, Limits, MessageDefinition, RetryPolicy } from '@flexaction/shared'
import type { TurnLimits } from '@flexaction/shared/limits'
import {
  describeAction,
  DEFAULT_SLOTS,
  describeMessage,
  GET_ACTION_LIST,
  type PublishedAction,
} from '@flexaction/shared/catalog'
import { parseDuration } from '@flexaction/shared/config'
import { itemsPerCall } from '@flexaction/shared/runs'
import type { Definitions } from '../loading/load-definitions.js'
import { compileForm, type CompiledForm } from '@flexaction/shared/fields'

const DEFAULT_TIMEOUT_MS = 5 * 60_000

/** An action, ready to be run: its definition with every default filled in. */
export interface RunnableAction {
  published: PublishedAction
  bulk: boolean
  /** Most items of one handler call. */
  itemsPerCall: number
  slots: number
  timeoutMs: number
  retry: RetryPolicy | undefined
  /** Limits that hold over all workers; `undefined` for an action without any. */
  limits: TurnLimits | undefined
  parseForm: CompiledForm
  handler: ActionDefinition['options']['run']
}

/** All that is run through queues: the actions, and the messages, but for the one that is asked and makes no run. */
export function runnablesOf({ actions, messages }: Definitions): RunnableAction[] {
  const run = messages.filter(({ name }) => name !== GET_ACTION_LIST)
  return [...actions.map(makeRunnable), ...run.map(makeRunnableMessage)]
}

function makeRunnableMessage(definition: MessageDefinition): RunnableAction {
  const { options } = definition
  return {
    published: describeMessage(definition),
    bulk: false,
    itemsPerCall: 1,
    slots: DEFAULT_SLOTS,
    timeoutMs: parseDuration(options.timeout ?? '') ?? DEFAULT_TIMEOUT_MS,
    retry: options.retry,
    limits: undefined,
    // Params of a message are whatever its sender and its handler agree on.
    parseForm: (form) => ({ ok: true, values: { ...form } }),
    handler: ({ params, ctx }) => options.handle(params, ctx),
  }
}

function makeRunnable(definition: ActionDefinition): RunnableAction {
  const published = describeAction(definition)
  const { options, target } = definition
  return {
    published,
    bulk: target.kind === 'records' && target.bulk,
    itemsPerCall: itemsPerCall(target),
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
