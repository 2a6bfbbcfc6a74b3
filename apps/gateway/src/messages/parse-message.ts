import { FlexActionError } from '@flexaction/shared/errors'
import { isDeeperThan, MOST_JSON_LEVELS } from '@flexaction/shared/json'
import { requireBoundedJson } from '../http/json-scanner.js'
import { parseExactly } from '../http/parse-exactly.js'
import { meantKey, refuseLookAlikes } from './look-alikes.js'

export type JsonObject = Readonly<Record<string, unknown>>

const MESSAGE_KEYS = ['name', 'params'] as const
/** Keys of an execute_action's params. */
export const ORDER_KEYS = ['name', 'model', 'id', 'ids', 'inverseIds', 'params'] as const
const ONLY_IN_AN_ORDER = ['model', 'id', 'ids', 'inverseIds'] as const

/** One protocol request (PROTOCOL.md section 1). */
export interface Message {
  name: string
  params: JsonObject
}

/** Reads a message from a parsed body. Throws field errors in the shapes of PROTOCOL.md section 2. */
export function parseMessage(body: unknown): Message {
  if (!isObject(body)) {
    throw FlexActionError.fields({
      non_field_errors: ['Incorrect JSON body: it must be an object with a name and params'],
    })
  }
  refuseLookAlikes(body, MESSAGE_KEYS)
  const { name, params } = body
  if (name === undefined || name === null || name === '')
    throw FlexActionError.fields({ name: ['this field is required'] })
  if (typeof name !== 'string') throw FlexActionError.fields({ name: [`must be a text, received ${describe(name)}`] })
  if (name === 'execute_action') refuseOrderOutside(body)
  return { name, params: parseParams(params) }
}

/** What says which records are meant, beside `params`: ignored, something else would be done, or to more records. */
function refuseOrderOutside(body: JsonObject): void {
  const misplaced = Object.keys(body)
    .filter((key) => (ONLY_IN_AN_ORDER as readonly string[]).includes(key) || meantKey(key, ONLY_IN_AN_ORDER))
    .map((key) => [key, ['must stand in params, not beside it']])
  if (misplaced.length > 0) throw FlexActionError.fields(Object.fromEntries(misplaced) as Record<string, string[]>)
}

/** `params`: an object, nothing, or a text that holds a JSON object. An empty list is how PHP writes an empty object. */
export function parseParams(params: unknown): JsonObject {
  if (params === undefined || params === null || params === '' || isEmptyList(params)) return {}
  if (isObject(params)) return shallow(params)
  if (typeof params === 'string') {
    const parsed = parseJson(params)
    if (parsed === null || isEmptyList(parsed)) return {}
    if (isObject(parsed)) return shallow(parsed)
    throw FlexActionError.fields({
      params: ['must be an object, or a text that holds a JSON object; this text does not'],
    })
  }
  throw FlexActionError.fields({
    params: [`must be an object, or a text that holds a JSON object; received ${describe(params)}`],
  })
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What kind of value it is, for error texts. */
export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'string') return `"${value.length > 40 ? `${value.slice(0, 40)}…` : value}"`
  return String(value as number | boolean)
}

/** Ids are not looked into: there may be a million, and where they select records each is checked anyway (`selection.ts`). */
function shallow(params: JsonObject): JsonObject {
  for (const [key, value] of Object.entries(params)) if (key !== 'ids') refuseDeep(key, value)
  return params
}

/** Throws a field error for a value that is nested too deeply to be stored. */
export function refuseDeep(key: string, value: unknown): void {
  if (isDeeperThan(MOST_JSON_LEVELS, value))
    throw FlexActionError.fields({ [key]: [`must be nested at most ${MOST_JSON_LEVELS} levels deep; this is deeper`] })
}

/** `undefined` for what is no JSON. */
function parseJson(text: string): unknown {
  requireBoundedJson(text)
  try {
    return parseExactly(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
