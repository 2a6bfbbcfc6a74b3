import type { OfferedOption, RecordPage } from '@flexaction/shared'
import type { ActionEntry } from '@flexaction/shared/catalog'
import { FlexActionError } from '@flexaction/shared/errors'
import {
  collectionTopic,
  type OptionsRequest,
  optionsTopic,
  type RecordsRequest,
  type SealedQuestion,
  type RpcClient,
} from '@flexaction/shared/rpc'
import { type Keyring, secretsOfQuestion, takeSecrets } from '@flexaction/shared/secrets'
import { hash } from 'node:crypto'
import type { FieldDescription } from '@flexaction/shared/fields'
import type { Order } from '../accepting/order.js'
import type { Caller } from '../access/caller.js'
import { actionsFor, requireName } from '../access/visible-actions.js'
import type { CatalogAction, CatalogView } from '../catalog/catalog-view.js'
import { findAction } from '../catalog/find-action.js'
import type { ActionList } from './action-list.js'
import { type FormBounds, requireBoundedForm } from './form-bounds.js'
import { refuseLookAlikes } from './look-alikes.js'
import { describe, type JsonObject, parseParams } from './parse-message.js'
import type { Problems } from './selection.js'

export interface FieldOptionsOptions {
  catalog: CatalogView
  rpc: RpcClient
  actionList: ActionList
  formBounds: FormBounds
  keyring: Keyring
  /** How long an answer of a worker is waited for, in ms. */
  withinMs: number
}

const QUESTION_KEYS = ['model', 'action', 'field', 'form', 'search', 'q'] as const
/** Options that a refusal lists. */
const MOST_NAMED = 10
/** Records of a collection that one answer offers. */
const RECORDS_OFFERED = 100
/** Asked again within this time, the same question gets the same answer, in ms: a client asks at every key that is pressed. */
const CACHED_MS = 3_000
const MOST_CACHED = 500

/** get_field_options (PROTOCOL.md section 2). */
export class FieldOptions {
  readonly #cache = new Map<string, { until: number; options: Promise<unknown> }>()

  constructor(private readonly options: FieldOptionsOptions) {}

  /**
   * The options of a field: those it was published with; those that its worker finds; for a foreign key the records of its
   * collection; else none.
   */
  async find(params: JsonObject, caller: Caller): Promise<unknown> {
    refuseLookAlikes(params, QUESTION_KEYS)
    for (const key of ['field', 'action', 'model', 'search', 'q']) requireName(key, params[key])
    const { action, described } = await this.#fieldOf(params, caller)
    const search = [params.search, params.q].find((text) => typeof text === 'string' && text !== '') as
      string | undefined
    if (action?.askedFields?.includes(described.name)) {
      const form = parseParams(params.form)
      requireBoundedForm(form, this.options.formBounds)
      return await this.#askAction(action, { field: described.name, form, user: caller, ...(search && { search }) })
    }
    const related = (described.params?.related_model as { model?: string } | undefined)?.model
    const { catalog } = this.options
    if (related === undefined || !catalog.lists(related)) return described.params?.options ?? []
    catalog.requireReader(caller, related)
    return await this.#askCollection(related, search)
  }

  /**
   * Whether what was chosen in fields whose options are found is among the options for these values; adds to `problems` what is not. Returns
   * the form with the options' own values: a browser's form sends `"5"` for the option 5. While no worker is there to be asked, what was
   * chosen is taken as it is.
   */
  async checkChoices(order: Order, caller: Caller, problems: Problems): Promise<JsonObject> {
    const { action, form } = order
    const chosen = (action.entry.params ?? []).filter(
      ({ name, field, params }) =>
        field === 'SelectField' &&
        action.askedFields?.includes(name) &&
        params?.any_value !== true &&
        isGiven(form[name]),
    )
    if (chosen.length === 0 || this.options.catalog.workersFor(action.identity) === 0) return form
    const own = new Map<string, unknown>()
    await Promise.all(
      chosen.map(async ({ name }) => {
        const options = await this.#askAction(action, { field: name, form, user: caller })
        const option = (options as OfferedOption[]).find(({ value }) => String(value) === String(form[name]))
        if (option) own.set(name, option.value)
        else problems[name] = [notAmong(options as OfferedOption[], form[name], action.secretFields?.includes(name))]
      }),
    )
    // Pairs, not assignments: a key such as __proto__ stays an ordinary key.
    return Object.fromEntries(Object.entries(form).map(([key, value]) => [key, own.has(key) ? own.get(key) : value]))
  }

  /** The field that is meant, and its action, if that is a defined one. Throws field errors that say what there is. */
  async #fieldOf(params: JsonObject, caller: Caller): Promise<{ action?: CatalogAction; described: FieldDescription }> {
    const field = requiredText('field', params.field)
    const model = typeof params.model === 'string' && params.model !== '' ? params.model : undefined
    const actions = actionsFor(
      caller,
      this.options.catalog.actions,
      typeof params.action === 'string' ? params.action : undefined,
    )
    const fieldIn = (entry: ActionEntry): FieldDescription | undefined =>
      entry.params?.find((one) => one.name === field)
    const having = actions.filter(({ entry }) => fieldIn(entry))
    const name = isGiven(params.action) ? requiredText('action', params.action) : onlyNameOf(having, field, model)

    if (!actions.some((action) => action.name === name)) {
      const added = (await this.options.actionList.added(caller)).filter((entry) => entry.name === name)
      const described = added.map(fieldIn).find((one) => one !== undefined)
      if (described) return { described }
    }
    const named = having.filter((action) => action.name === name)
    const action = findAction(named.length > 0 ? named : actions, name, model, false)
    const described = fieldIn(action.entry)
    if (described) return { action, described }
    const known = action.entry.params?.map((one) => one.name).join(', ') ?? ''
    throw FlexActionError.fields({
      field: [`'${name}' has no field '${field}'${known ? ` (there are: ${known})` : ''}`],
    })
  }

  async #askAction(action: CatalogAction, question: OptionsRequest): Promise<unknown> {
    const { catalog, rpc, withinMs, keyring } = this.options
    const topic = optionsTopic(action.identity)
    return await this.#cached(JSON.stringify([topic, question]), () => {
      const workers = catalog.workersServing(action.identity).map(({ id }) => id)
      if (workers.length === 0) throw nobody(`'${action.name}'`)
      return rpc.request(topic, withSealedParts(question, action, keyring), withinMs, workers)
    })
  }

  async #askCollection(collection: string, search: string | undefined): Promise<unknown> {
    const question: RecordsRequest = { limit: RECORDS_OFFERED, ...(search !== undefined && { search }) }
    const topic = collectionTopic(collection)
    return await this.#cached(JSON.stringify([topic, question]), async () => {
      const { catalog, rpc, withinMs } = this.options
      const workers = catalog.workersListing(collection)
      if (workers.length === 0) throw nobody(`the collection '${collection}'`)
      const { records } = (await rpc.request(topic, question, withinMs, workers)) as RecordPage
      return records.map(({ id, label }) => ({ value: id, name: label }))
    })
  }

  #cached(question: string, find: () => Promise<unknown>): Promise<unknown> {
    const key = hash('sha256', question, 'base64')
    const now = Date.now()
    const known = this.#cache.get(key)
    if (known && known.until > now) return known.options
    for (const [old, { until }] of this.#cache)
      if (until <= now || this.#cache.size >= MOST_CACHED) this.#cache.delete(old)
    const options = (async () => await find())()
    this.#cache.set(key, { until: now + CACHED_MS, options })
    // Failures are not kept.
    options.catch(() => this.#cache.delete(key))
    return options
  }
}

/** Questions go through Redis: without what is secret. */
function withSealedParts(question: OptionsRequest, action: CatalogAction, keyring: Keyring): OptionsRequest {
  const { secretFields = [], identity } = action
  const { form, secrets } = takeSecrets(question.form, secretFields)
  const { search, ...rest } = question
  const hidesSearch = search !== undefined && secretFields.includes(question.field)
  if (!secrets && !hidesSearch) return question
  const parts: SealedQuestion = { ...(secrets && { form: secrets }), ...(hidesSearch && { search }) }
  const sealed = keyring.seal(secretsOfQuestion(optionsTopic(identity)), { ...parts })
  return { ...(hidesSearch ? rest : question), form, sealed }
}

/** The name of the one action that has the field; the protocol lets a client leave it out. */
function onlyNameOf(having: readonly CatalogAction[], field: string, model: string | undefined): string {
  const ofModel = having.filter(({ target }) => !model || (target.kind !== 'common' && target.models.includes(model)))
  const [only, ...others] = new Set(ofModel.map(({ name }) => name))
  if (only !== undefined && others.length === 0) return only
  const of = model === undefined ? '' : ` of '${model}'`
  if (only === undefined) throw FlexActionError.fields({ field: [`no action${of} has a field '${field}'`] })
  throw FlexActionError.fields({
    action: [`say which action${of} the field '${field}' belongs to: ${[only, ...others].join(', ')}`],
  })
}

function notAmong(options: readonly OfferedOption[], value: unknown, secret = false): string {
  const received = secret ? '' : `, received ${describe(value)}`
  if (options.length === 0) return `has no options for what else was chosen${received}`
  const named = options.slice(0, MOST_NAMED).map((option) => JSON.stringify(option.value))
  const more = options.length > MOST_NAMED ? ` and ${options.length - MOST_NAMED} more` : ''
  return `must be one of the options for what else was chosen (${named.join(', ')}${more})${received}`
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

function requiredText(key: string, value: unknown): string {
  if (!isGiven(value)) throw FlexActionError.fields({ [key]: ['this field is required'] })
  if (typeof value === 'string') return value
  throw FlexActionError.fields({ [key]: [`must be a text, received ${describe(value)}`] })
}

/** No live worker could answer: said at once, without waiting for one. */
export function nobody(what: string): FlexActionError {
  return new FlexActionError('unavailable', `No worker that serves ${what} is running at the moment`, { retryAfter: 5 })
}
