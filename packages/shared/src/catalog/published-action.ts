import type { ActionDefinition, Rate, Respond } from '../definitions/define-action.js'
import type { CollectionDefinition } from '../definitions/define-collection.js'
import type { MessageDefinition } from '../definitions/define-message.js'
import type { Permission } from '../definitions/permission.js'
import type { Target } from '../definitions/targets.js'
import { parseDuration } from '../config/duration.js'
import type { HaltOn } from '../runs/run.js'
import { encodeName } from '../redis/encode-name.js'
import { describeFields, type FieldDescription, secretFieldsOf } from '../fields/index.js'

/** An action as get_action_list shows it (PROTOCOL.md section 3). */
export interface ActionEntry {
  name: string
  model_action?: { model: string | string[]; for_instance?: true; bulk?: true }
  common_action?: Record<never, never>
  params?: FieldDescription[]
  [extra: string]: unknown
}

/** What workers publish of an action: everything the gateway needs, and no code. */
export interface PublishedAction {
  /** Name, kind of target and models: unique, and the name of its queue. */
  identity: string
  name: string
  target: Target
  entry: ActionEntry
  unknownParams: 'refuse' | 'ignore'
  /** How long an answer waits for the run's end, in ms; 0 when the action is declared queued. */
  waitMs: number
  permission: Permission
  /** Handler calls at once in one worker process. */
  slots: number
  /** Most handler calls that may begin per second, over all workers. */
  callsPerSecond?: number
  /** It answers a message of that name, and is in no list of actions; its form is taken as it is sent. */
  message?: true
  /** Fields whose options a worker finds when they are asked for. */
  askedFields?: string[]
  /** Fields, or params of a message, whose values are stored encrypted and shown nowhere. */
  secretFields?: string[]
  haltOn?: HaltOn
  /** In ms. */
  startWithin?: number
  /** In ms. */
  coalesce?: number
}

/** What workers publish of a collection: that they can list it. */
export interface PublishedCollection {
  identity: string
  collection: string
  /** Who may read its records; absent: operators. */
  permission?: Permission
}

export function describeCollection({ name, options: { permission } }: CollectionDefinition): PublishedCollection {
  return { identity: `collection ${encodeName(name)}`, collection: name, ...(permission && { permission }) }
}

/** The message whose handler adds entries to the list of actions. */
export const GET_ACTION_LIST = 'get_action_list'
export const DEFAULT_WAIT_MS = 5_000
export const DEFAULT_SLOTS = 50

/**
 * An action's identity: the same name may stand for several targets (PROTOCOL.md section 3). It is the name of a queue and a part of keys
 * and addresses, so that collections stand in it encoded.
 */
export function identityOf(name: string, target: Target): string {
  return target.kind === 'common'
    ? `${name}.common`
    : `${name}.${target.kind}.${target.models.map(encodeName).join('+')}`
}

export function describeAction({ name, target, params, options }: ActionDefinition): PublishedAction {
  const fields = describeFields(params)
  const secretFields = secretFieldsOf(fields)
  const askedFields = Object.keys(params).filter((name) => params[name]?.optionsProvider !== undefined)
  return {
    identity: identityOf(name, target),
    name,
    target,
    entry: {
      ...options.extra,
      name,
      ...(options.verboseName !== undefined && { verbose_name: options.verboseName }),
      ...(options.icon !== undefined && { icon: options.icon }),
      ...entryTarget(target),
      ...(fields.length > 0 && { params: fields }),
    },
    unknownParams: options.unknownParams ?? 'refuse',
    waitMs: waitMsOf(options.respond),
    permission: options.permission ?? 'operator',
    slots: Math.min(
      options.limits?.perWorker ?? DEFAULT_SLOTS,
      options.limits?.concurrency ?? Number.POSITIVE_INFINITY,
    ),
    ...(options.limits?.rate && { callsPerSecond: callsPerSecond(options.limits.rate) }),
    ...(askedFields.length > 0 && { askedFields }),
    ...(secretFields.length > 0 && { secretFields }),
    ...(options.haltOn && { haltOn: publishedHaltOn(options.haltOn.failures) }),
    ...durationAs('startWithin', options.startWithin),
    ...durationAs('coalesce', options.coalesce),
  }
}

/** A message, as an action that nobody is offered. */
export function describeMessage({ name, options }: MessageDefinition): PublishedAction {
  return {
    identity: `message.${name}`,
    name,
    target: { kind: 'common' },
    entry: { name },
    unknownParams: 'ignore',
    waitMs: waitMsOf(options.respond),
    permission: options.permission ?? (name === GET_ACTION_LIST ? 'viewer' : 'operator'),
    slots: DEFAULT_SLOTS,
    message: true,
    ...(options.secretParams && { secretFields: [...options.secretParams] }),
  }
}

function callsPerSecond({ max, per }: Rate): number {
  return (max * 1_000) / Math.max(1, parseDuration(per) ?? 1)
}

function waitMsOf(respond: Respond | undefined): number {
  return respond === 'queued' ? 0 : (parseDuration(respond?.waitFor ?? '') ?? DEFAULT_WAIT_MS)
}

function publishedHaltOn(failures: number | string): HaltOn {
  return typeof failures === 'number' ? { failures } : { percent: Number.parseFloat(failures) }
}

function durationAs<Name extends string>(name: Name, duration: string | undefined): { [name in Name]?: number } {
  const ms = duration === undefined ? undefined : parseDuration(duration)
  return ms === undefined || ms === 0 ? {} : ({ [name]: ms } as { [name in Name]?: number })
}

function entryTarget(target: Target): Pick<ActionEntry, 'model_action' | 'common_action'> {
  if (target.kind === 'common') return { common_action: {} }
  const [only, ...others] = target.models
  const model = others.length === 0 && only !== undefined ? only : [...target.models]
  if (target.kind === 'collection') return { model_action: { model } }
  return { model_action: { model, for_instance: true, ...(target.bulk && { bulk: true }) } }
}
