import type { PublishedAction } from '@flexaction/shared/catalog'
import { withoutReceived } from '@flexaction/shared/fields'
import { SECRET } from '@flexaction/shared/secrets'
import { isObject } from '../messages/parse-message.js'

/** Of a message on an action, the keys that say nothing of its form. */
const AROUND_FORM: ReadonlySet<string> = new Set(['name', 'model', 'id', 'ids', 'inverseIds', 'action', 'field'])
/** Where its form is, in execute_action and in get_field_options. */
const FORM_KEYS: ReadonlySet<string> = new Set(['params', 'form'])
/** What a person types to find an option. */
const SEARCH_KEYS: ReadonlySet<string> = new Set(['search', 'q'])

/** Which parts of one message, and of its answer, are not kept. */
export interface SecretParts {
  ofRequest(body: unknown): unknown
  ofAnswer(answer: unknown): unknown
}

const NONE: SecretParts = { ofRequest: (body) => body, ofAnswer: (answer) => answer }

/**
 * Tells what of a message may be secret. Of an action with secret fields only the values of its other declared fields are kept: a key that
 * it does not declare may be a misspelt secret. Where it is not known which action was meant, the names of all secret fields count.
 */
export function secretPartsOf(body: unknown, published: readonly PublishedAction[]): SecretParts {
  if (body === undefined) return { ofRequest: () => undefined, ofAnswer: (answer) => withoutQuotes(answer, () => true) }
  const secret = published.filter(({ secretFields }) => secretFields !== undefined)
  if (secret.length === 0) return NONE
  const meant = meantBy(body, published)
  const hidden = new Set((meant.length > 0 ? meant : secret).flatMap(({ secretFields = [] }) => secretFields))
  if (hidden.size === 0) return NONE
  if (meant.length === 0 || meant.some(({ message }) => message)) {
    const isHidden = bySpelling(hidden)
    return {
      ofRequest: (given) => withoutKeys(given, isHidden),
      ofAnswer: (answer) => withoutQuotes(answer, () => true),
    }
  }
  const shown = new Set(meant.flatMap(({ entry }) => entry.params ?? []).map(({ name }) => name))
  for (const name of hidden) shown.delete(name)
  return {
    ofRequest: (given) => onlyShown(given, shown),
    ofAnswer: (answer) => withoutQuotes(answer, (key) => !shown.has(key) && !AROUND_FORM.has(key)),
  }
}

/** All that go by the name that a message gives. */
function meantBy(body: unknown, published: readonly PublishedAction[]): readonly PublishedAction[] {
  if (!isObject(body)) return []
  const params = isObject(body.params) ? body.params : {}
  const name = { execute_action: params.name, get_field_options: params.action }[String(body.name)]
  const actions = published.filter((one) => !one.message && one.name === name)
  return actions.length > 0 ? actions : published.filter((one) => one.message && one.name === body.name)
}

function onlyShown(body: unknown, shown: ReadonlySet<string>): unknown {
  if (!isObject(body)) return SECRET
  return mapKeys(body, (key, value) => {
    if (key === 'name') return value
    if (key !== 'params' || !isObject(value)) return SECRET
    const { field } = value
    return mapKeys(value, (inner, part) => {
      if (AROUND_FORM.has(inner)) return part
      if (SEARCH_KEYS.has(inner) && typeof field === 'string' && shown.has(field)) return part
      if (!FORM_KEYS.has(inner) || !isObject(part)) return SECRET
      return mapKeys(part, (name, one) => (shown.has(name) || name === 'ids' ? one : SECRET))
    })
  })
}

/** Without the values of hidden keys, however deep they are, and without params that are a text. */
function withoutKeys(value: unknown, isHidden: (key: string) => boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutKeys(one, isHidden))
  if (!isObject(value)) return value
  return mapKeys(value, (key, one) => {
    if (isHidden(key) || (FORM_KEYS.has(key) && typeof one === 'string')) return SECRET
    return withoutKeys(one, isHidden)
  })
}

/** Texts of refusals quote what was sent, after these words or a colon. */
function withoutQuotes(answer: unknown, isHidden: (key: string) => boolean): unknown {
  if (!isObject(answer)) return answer
  return mapKeys(answer, (key, texts) => {
    if (!Array.isArray(texts) || !isHidden(key)) return texts
    return texts.map((text: unknown) =>
      typeof text === 'string' ? withoutReceived(text.replace(/^(Incorrect \w+ body): .*$/s, '$1')) : text,
    )
  })
}

function bySpelling(names: ReadonlySet<string>): (key: string) => boolean {
  const spelt = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]/g, '')
  const all = new Set([...names].map(spelt))
  return (key) => all.has(spelt(key))
}

/** Pairs, not assignments: a key such as __proto__ stays an ordinary key. */
function mapKeys(object: Readonly<Record<string, unknown>>, map: (key: string, value: unknown) => unknown): unknown {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(key, value)]))
}
