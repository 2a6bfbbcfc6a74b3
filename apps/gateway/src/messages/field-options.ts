import type { RecordPage } from '@flexaction/shared'
import { FlexActionError } from '@flexaction/shared/errors'
import {
  type Asker,
  collectionTopic,
  type OptionsQuestion,
  optionsTopic,
  type RecordsQuestion,
} from '@flexaction/shared/questions'
import type { Caller } from '../access/auth-tokens.js'
import type { CatalogAction, CatalogView } from '../catalog/catalog-view.js'
import { findAction } from '../catalog/find-action.js'
import { type JsonObject, parseParams } from './parse-message.js'

export interface FieldOptionsOptions {
  catalog: CatalogView
  asker: Asker
  /** How long an answer of a worker is waited for, in ms. */
  withinMs: number
}

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
    const { action: name, model, field } = params
    if (typeof field !== 'string' || field === '') throw FlexActionError.fields({ field: ['this field is required'] })
    if (typeof name !== 'string' || name === '') throw FlexActionError.fields({ action: ['this field is required'] })
    const { catalog } = this.options
    const action = findAction(catalog.actions, name, typeof model === 'string' ? model : undefined, false)
    const found = action.entry.params?.find((one) => one.name === field)
    if (!found) {
      const known = action.entry.params?.map((one) => one.name).join(', ') ?? ''
      throw FlexActionError.fields({
        field: [`'${name}' has no field '${field}'${known ? ` (there are: ${known})` : ''}`],
      })
    }
    const search = [params.search, params.q].find((text) => typeof text === 'string' && text !== '') as
      string | undefined
    if (action.askedFields?.includes(field))
      return await this.#askAction(action, {
        field,
        form: parseParams(params.form),
        user: caller,
        ...(search && { search }),
      })
    const related = (found.params?.related_model as { model?: string } | undefined)?.model
    if (related !== undefined && catalog.lists(related)) return await this.#askCollection(related, search)
    return found.params?.options ?? []
  }

  async #askAction(action: CatalogAction, question: OptionsQuestion): Promise<unknown> {
    const { catalog, asker, withinMs } = this.options
    const topic = optionsTopic(action.identity)
    return await this.#cached(JSON.stringify([topic, question]), () => {
      if (catalog.workersFor(action.identity) === 0) throw nobody(`'${action.name}'`)
      return asker.ask(topic, question, withinMs)
    })
  }

  async #askCollection(collection: string, search: string | undefined): Promise<unknown> {
    const question: RecordsQuestion = { limit: RECORDS_OFFERED, ...(search !== undefined && { search }) }
    const topic = collectionTopic(collection)
    return await this.#cached(JSON.stringify([topic, question]), async () => {
      if (this.options.catalog.workersListing(collection) === 0) throw nobody(`the collection '${collection}'`)
      const { records } = (await this.options.asker.ask(topic, question, this.options.withinMs)) as RecordPage
      return records.map(({ id, label }) => ({ value: id, name: label }))
    })
  }

  #cached(key: string, find: () => Promise<unknown>): Promise<unknown> {
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

/** No live worker could answer: said at once, without waiting for one. */
export function nobody(what: string): FlexActionError {
  return new FlexActionError('unavailable', `No worker that serves ${what} is running at the moment`, { retryAfter: 5 })
}
