import type { RunUser } from '../definitions/context.js'
import type { FieldTypeName } from './field-type.js'

/** What get_action_list says about a field, all but its name (PROTOCOL.md section 3). */
export interface NamelessDescription {
  readonly field: FieldTypeName
  /** Published only when false: a field is required unless it says otherwise. */
  readonly required?: false
  /** Published only when true: its value is stored encrypted, and shown nowhere. */
  readonly secret?: true
  /** Per type; see each builder. */
  readonly params?: Readonly<Record<string, unknown>>
  /** `verbose_name`, `description`, `default_value` and whatever else the client may understand. */
  readonly [extra: string]: unknown
}

/** One entry of an action's `params` in get_action_list (PROTOCOL.md section 3). */
export interface FieldDescription extends NamelessDescription {
  readonly name: string
}

/** What options may depend on. */
export interface OptionsRequest {
  /** The values that the person has typed so far, as the client sent them. */
  readonly form: Readonly<Record<string, unknown>>
  /** What the person typed to find an option; absent when all are wanted. */
  readonly search: string | undefined
  readonly user: RunUser
  /** Aborts when nobody waits for the options any more. */
  readonly signal: AbortSignal
}

/** One choice as Jet Admin shows it. */
export interface OfferedOption {
  readonly value: string | number | boolean
  readonly name: string
  readonly color?: string
}

/** Finds a field's options when they are asked for; it runs in a worker. */
export type OptionsProvider = (request: OptionsRequest) => readonly OfferedOption[] | Promise<readonly OfferedOption[]>

/** A declared form field. `Value` is what the handler gets; `Present` is false when it may get `undefined`. */
export interface Field<Value, Present extends boolean = true> {
  readonly description: NamelessDescription
  /** Of a field whose options are found when they are asked for. */
  readonly optionsProvider?: OptionsProvider | undefined
  /** Carries the two types for {@link ParamsOf}; no object ever has it. */
  readonly types?: { readonly value: Value; readonly present: Present }
}

export type AnyField = Field<unknown, boolean>

/** An action's form: its fields by name. */
export type FieldMap = Record<string, AnyField>

type Value<F> = F extends Field<infer V, boolean> ? V : never
type AlwaysPresent<F> = { [K in keyof F]: F[K] extends Field<unknown, true> ? K : never }[keyof F]
type Flat<T> = { [K in keyof T]: T[K] }

/** What a handler gets as `params`: `{ subject: string; body?: string }`. */
export type ParamsOf<F extends FieldMap> = Flat<
  { [K in AlwaysPresent<F>]: Value<F[K]> } & { [K in Exclude<keyof F, AlwaysPresent<F>>]?: Value<F[K]> }
>

/** The options that all builders take. */
export interface FieldOptions<Required extends boolean, Default> {
  /** Whether the form must carry a value. Default true. */
  required?: Required
  /** What an absent value becomes, in the form in which a request would send it. Default: none. */
  default?: Default
  /**
   * Whether its values are secrets: stored encrypted under DATA_KEY until the run is purged, given to the handler alone, and shown nowhere.
   * Such a field has no default. Default false.
   */
  secret?: boolean
  /** The label in Jet Admin. Default: Jet Admin makes one from the name. */
  verboseName?: string
  /** The help text beside the label. */
  description?: string
  /** More keys for the published description, passed through unchanged. What this declaration says itself wins. */
  extra?: Readonly<Record<string, unknown>>
}

/** False when a handler may meet `undefined`: the field is not required and has no default. */
export type Present<Required extends boolean, Default> = [Required] extends [true]
  ? true
  : [Default] extends [never]
    ? false
    : true

/** Makes the published description of a field. Params that are undefined are left out. */
export function declareField<V, P extends boolean>(
  field: FieldTypeName,
  options: FieldOptions<boolean, unknown>,
  params: Record<string, unknown> = {},
  optionsProvider?: OptionsProvider,
): Field<V, P> {
  const given = withoutUndefined(params)
  const own = {
    field,
    required: options.required === false ? false : undefined,
    // Whatever else was given is refused when the worker starts: no misspelt secret may be published as none.
    secret: (options.secret ?? options.extra?.['secret']) || undefined,
    params: Object.keys(given).length > 0 ? given : undefined,
  }
  const shown = withoutUndefined({
    verbose_name: options.verboseName,
    description: options.description,
    default_value: options.default,
  })
  // `own` twice: first for the order of the keys, then to win over `extra`.
  const description = { ...withoutUndefined({ ...own, ...options.extra, ...shown, ...own }), field }
  return { description, ...(optionsProvider && { optionsProvider }) }
}

function withoutUndefined(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}

/** An action's form as get_action_list publishes it. What is wrong with it is found by `fieldProblems`. */
export function describeFields(fields: FieldMap): FieldDescription[] {
  return Object.entries(fields).map(([name, field]) => describeField(name, field))
}

/** Names of a form's secret fields. */
export function secretFieldsOf(fields: readonly FieldDescription[]): string[] {
  return fields.filter(({ secret }) => secret === true).map(({ name }) => name)
}

function describeField(name: string, field: AnyField): FieldDescription {
  // Plain JavaScript may have put anything here. What has no description gets one that `fieldProblems` refuses.
  const { description } = (field ?? {}) as AnyField
  return Object.assign({ name }, description, { name })
}
