import type { RecordId } from '@flexaction/shared'
import { setImmediate } from 'node:timers/promises'
import { describe, type JsonObject } from './parse-message.js'
import { SeenIds } from './seen-ids.js'

/** Messages by field. */
export type Problems = Record<string, string[]>

/** Which records a request names. */
export interface Selection {
  /** `only` these ids, or `allExcept` these ids. */
  mode: 'only' | 'allExcept'
  ids: readonly RecordId[]
}

/** What a request says about records, and its form without what belongs to the selection. */
export interface SelectionParts {
  id: unknown
  ids: unknown
  inverse: unknown
  /** The ids that the vendor's documentation puts into the form. */
  formIds: unknown
  form: JsonObject
}

/** Looked at in one go: bounds how long the event loop is held by a large request. */
const IDS_PER_SLICE = 10_000

/** Takes the request's words about records apart (PROTOCOL.md section 4). */
export function selectionParts(params: JsonObject, form: JsonObject): SelectionParts {
  const { ids: formIds, ...rest } = form
  return { id: params.id, ids: params.ids, inverse: params.inverseIds, formIds, form: rest }
}

/** Whether the request says anything about records: `ids: []` does, and must never be read as "the whole collection". */
export function selects({ id, ids, inverse, formIds }: SelectionParts): boolean {
  return [id, ids, formIds].some((value) => value !== undefined && value !== null) || isTrue(inverse)
}

/** The selection of an action on records; adds to `problems` what is wrong with it. */
export async function readSelection(parts: SelectionParts, maxIds: number, problems: Problems): Promise<Selection> {
  const none: Selection = { mode: 'only', ids: [] }
  const inverse = readInverse(parts.inverse, problems)
  if (isGiven(parts.id) && isGiven(parts.ids)) {
    problems.id = ['send id or ids, not both']
    return none
  }
  if (isGiven(parts.id) && inverse) {
    problems.id = ['with inverseIds, send the excluded records as ids']
    return none
  }
  const outer = await readIds(
    isGiven(parts.id) ? 'id' : 'ids',
    isGiven(parts.id) ? parts.id : parts.ids,
    maxIds,
    problems,
  )
  const inner = await readIds('ids', parts.formIds, maxIds, problems)
  if (outer && inner && !sameIds(outer, inner)) {
    problems.ids = ['the ids beside the form and inside it differ: send them once']
    return none
  }
  const ids = outer ?? inner ?? []
  if (ids.length === 0 && !inverse && Object.keys(problems).length === 0) problems.ids = ['select at least one record']
  return { mode: inverse ? 'allExcept' : 'only', ids }
}

/** A collection or common action takes no records; an empty list says nothing. */
export function refuseSelection({ id, ids, inverse, formIds }: SelectionParts, problems: Problems): void {
  const names = [id, ids, formIds].some((value) => isGiven(value) && !(Array.isArray(value) && value.length === 0))
  if (names || isTrue(inverse)) problems.ids = ['this action takes no records: send no ids']
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true'
}

function readInverse(value: unknown, problems: Problems): boolean {
  if (isTrue(value)) return true
  if (isGiven(value) && value !== false && value !== 'false') {
    problems.inverseIds = [`must be true or false, received ${describe(value)}`]
  }
  return false
}

/** `undefined`: no ids were given here. */
async function readIds(
  key: 'id' | 'ids',
  value: unknown,
  maxIds: number,
  problems: Problems,
): Promise<readonly RecordId[] | undefined> {
  if (!isGiven(value)) return undefined
  const list = listOf(key, value)
  if (!list) {
    problems[key] = [
      `must be ${key === 'id' ? 'a text or a whole number' : 'a list, or a text with commas'}, received ${describe(value)}`,
    ]
    return undefined
  }
  if (list.length > maxIds) {
    problems[key] = [`${list.length} records are too many for one request: at most ${maxIds} are allowed`]
    return undefined
  }
  return withoutDuplicates(key, list, problems)
}

function listOf(key: 'id' | 'ids', value: unknown): readonly unknown[] | undefined {
  if (key === 'id') return typeof value === 'string' || typeof value === 'number' ? [value] : undefined
  if (Array.isArray(value)) return value as unknown[]
  if (typeof value === 'number') return [value]
  if (typeof value !== 'string') return undefined
  return value
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '')
}

/** Checks each id, and drops repeated ones by their text: the first occurrence wins. */
async function withoutDuplicates(
  key: 'id' | 'ids',
  list: readonly unknown[],
  problems: Problems,
): Promise<readonly RecordId[] | undefined> {
  const seen = new SeenIds(list)
  const repeated: number[] = []
  for (let from = 0; from < list.length; from += IDS_PER_SLICE) {
    if (from > 0) await setImmediate()
    const to = Math.min(list.length, from + IDS_PER_SLICE)
    for (let at = from; at < to; at++) {
      const id = list[at]
      if (!isId(id)) {
        const where = key === 'id' ? '' : ` at position ${at + 1}`
        problems[key] = [
          `must be ${key === 'id' ? 'a text or a whole number' : 'texts or whole numbers'}, received ${describe(id)}${where}`,
        ]
        return undefined
      }
      if (!seen.add(at)) repeated.push(at)
    }
  }
  // All of them are ids now. Without repeated ones, the list as it was parsed is the selection: no copy is made.
  return repeated.length === 0 ? (list as readonly RecordId[]) : without(list as readonly RecordId[], repeated)
}

/** The list without those positions, which are in ascending order. */
function without(ids: readonly RecordId[], positions: readonly number[]): RecordId[] {
  let next = 0
  return ids.filter((_, at) => {
    if (at !== positions[next]) return true
    next++
    return false
  })
}

/** Whole numbers beyond 2^53 have lost digits by the time they get here: they must be sent as texts. */
function isId(value: unknown): value is RecordId {
  return typeof value === 'string' ? value !== '' : Number.isSafeInteger(value)
}

function sameIds(a: readonly RecordId[], b: readonly RecordId[]): boolean {
  return a.length === b.length && a.every((id, at) => String(id) === String(b[at]))
}
