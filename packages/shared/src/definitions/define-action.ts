import type { Duration } from '../config/duration.js'
import type { FieldMap, ParamsOf } from '../fields/index.js'
import type { BulkContext, HandlerContext, RecordId } from './context.js'
import type { Permission } from './permission.js'
import type { RecordsTarget, Target } from './targets.js'

/** How often, and how late, an item whose handler threw is called again. */
export interface RetryPolicy {
  /** Calls per item in all, the first included. 1 to 100; default 1: no retry. */
  attempts: number
  /** Pause before the next call. Default: exponential from 1 s. */
  backoff?: Backoff
}

export interface Backoff {
  /** `fixed`: always `delay`. `exponential`: `delay`, then twice that, and so on. */
  type: 'fixed' | 'exponential'
  delay: Duration
  /** Longest pause. Default 1 h. */
  max?: Duration
}

export interface Limits {
  /** Most handler calls at once, over all workers. Default: no limit. */
  concurrency?: number
  /** Most handler calls at once in one worker process. Default 50. */
  perWorker?: number
  /** Most handler calls that begin in any span of that length, over all workers. Default: no limit. */
  rate?: Rate
}

export interface Rate {
  /** 1 to 1,000,000. */
  max: number
  /** At most 1 day. */
  per: Duration
}

/** When a run is halted because it is going wrong: at so many failed items, or at a percentage of all its items. */
export interface HaltOn {
  failures: number | `${number}%`
}

/** When the answer is given: after the run, if it ends within `waitFor`; or at once. */
export type Respond = 'queued' | { waitFor: Duration }

/** The argument of a handler: `{ id }` for records, `{ ids }` for bulk records, neither for collection and common. */
export type HandlerInput<T extends Target, F extends FieldMap> =
  T extends RecordsTarget<infer Bulk>
    ? Bulk extends true
      ? { ids: readonly RecordId[]; params: ParamsOf<F>; ctx: BulkContext }
      : { id: RecordId; params: ParamsOf<F>; ctx: HandlerContext }
    : { params: ParamsOf<F>; ctx: HandlerContext }

export interface ActionOptions<T extends Target, F extends FieldMap> {
  /** Letters, digits, `_`, `-` and `.`, at most 100. With the target it is the action's identity. */
  name: string
  target: T
  /** The form that Jet Admin shows before the action runs. Default: none. */
  params?: F
  /** `ignore`: keys of the form that no field declares are dropped. Default `refuse`: they are an error. */
  unknownParams?: 'refuse' | 'ignore'
  retry?: RetryPolicy
  /** Longest time of one handler call. Default 5 min. */
  timeout?: Duration
  /** Default: wait up to 5 s for the end, then answer with the run's address. */
  respond?: Respond
  limits?: Limits
  /** Halts a run that is going wrong; a person resumes or cancels it. Default: never. */
  haltOn?: HaltOn
  /** A run that has not started within this time ends as `expired`. Default: it waits for as long as it takes. */
  startWithin?: Duration
  /**
   * Requests for one record each, of the same user with the same form, join one run when they come within this time, at
   * most 5 s: Jet Admin sends one request per selected row of an action that is not bulk. Default: every request is a run.
   */
  coalesce?: Duration
  /** Lowest role that may run it, or `{ groups: […] }`. Whoever may not is not shown it. Default `operator`. */
  permission?: Permission
  /** Shown in Jet Admin beside or instead of the name; passed through unchanged. */
  verboseName?: string
  icon?: string
  /** More keys for the action's entry in get_action_list, passed through unchanged. */
  extra?: Readonly<Record<string, unknown>>
  /** The handler. What it returns is the result. */
  run(input: HandlerInput<T, F>): unknown
}

const ACTION = Symbol.for('flexaction.action')

/** A declared action. Made by {@link defineAction} only. */
export interface ActionDefinition {
  readonly [ACTION]: true
  readonly name: string
  readonly target: Target
  readonly params: FieldMap
  readonly options: ActionOptions<Target, FieldMap>
}

/**
 * Declares an action: its place in Jet Admin, its form, its rules and its handler. Put it as a module's default export
 * (alone or in an array) into the actions folder. What is wrong with it is reported when the worker loads it.
 */
export function defineAction<T extends Target, F extends FieldMap = Record<never, never>>(
  options: ActionOptions<T, F>,
): ActionDefinition {
  return {
    [ACTION]: true,
    name: options.name,
    target: options.target,
    params: options.params ?? {},
    // The handler's argument is made from the same target and params that its type was derived from.
    options: options as unknown as ActionOptions<Target, FieldMap>,
  }
}

export function isActionDefinition(value: unknown): value is ActionDefinition {
  return typeof value === 'object' && value !== null && ACTION in value
}
