import type { RecordId } from '@flexaction/shared'
import { isRecordId, mistakenId } from '@flexaction/shared/definitions'
import { setImmediate } from 'node:timers/promises'
import { meantKey, unknownKey } from './look-alikes.js'
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
  /** Whether any key speaks of a selection, whatever its value or its spelling: such a request is about records. */
  spoken: boolean
  /** Keys that do so and are not to be read as what they look like. */
  misplaced: Problems
}

const SELECTION_KEYS = ['id', 'ids', 'inverseIds'] as const

/** Looked at in one go: bounds how long the event loop is held by a large request. */
const IDS_PER_SLICE = 10_000

/**
 * Takes the request's words about records apart (PROTOCOL.md section 4). `fields`: where the action may be one on records, the names of its
 * fields; other keys of the form that look like words about records are taken for such.
 */
export function selectionParts(
  params: JsonObject,
  form: JsonObject,
  fields: ReadonlySet<string> | undefined,
): SelectionParts {
  const { ids: formIds, ...rest } = form
  const misplaced: Problems = {}
  for (const key of fields ? Object.keys(rest) : []) {
    if (fields?.has(key)) continue
    const meant = SELECTION_KEYS.find((known) => known === key) ?? meantKey(key, SELECTION_KEYS)
    if (meant !== undefined)
      misplaced[key] = [key === meant ? 'must stand beside params, not in it' : unknownKey(meant)]
  }
  const spoken =
    SELECTION_KEYS.some((key) => Object.hasOwn(params, key)) ||
    Object.hasOwn(form, 'ids') ||
    Object.keys(misplaced).length > 0
  return { id: params.id, ids: params.ids, inverse: params.inverseIds, formIds, form: rest, spoken, misplaced }
}

/** The selection of an action on records; adds to `problems` what is wrong with it. */
export async function readSelection(parts: SelectionParts, maxIds: number, problems: Problems): Promise<Selection> {
  const none: Selection = { mode: 'only', ids: [] }
  Object.assign(problems, parts.misplaced)
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
  if (inverse && !outer && !inner && Object.keys(problems).length === 0)
    problems.ids = ['with inverseIds, say which records are excluded: an empty list for none']
  if (ids.length === 0 && !inverse && Object.keys(problems).length === 0) problems.ids = ['select at least one record']
  return { mode: inverse ? 'allExcept' : 'only', ids }
}

/**
 * A collection or common action takes no records; an empty selection says nothing to it, unless its name stands for records as well
 * (`orRecords`): then it may have been meant for those.
 */
export function refuseSelection(parts: SelectionParts, orRecords: boolean, problems: Problems): void {
  const { id, ids, inverse, formIds, spoken, misplaced } = parts
  Object.assign(problems, misplaced)
  const names = [id, ids, formIds].some((value) => isGiven(value) && !(Array.isArray(value) && value.length === 0))
  if (names || isTrue(inverse) || (orRecords && spoken)) problems.ids = ['this action takes no records: send no ids']
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
      if (!isRecordId(id)) {
        problems[key] = [refusalOf(key, id, at)]
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

function refusalOf(key: 'id' | 'ids', id: unknown, at: number): string {
  const allowed = key === 'id' ? 'a text or a whole number' : 'texts or whole numbers'
  const where = key === 'id' ? '' : ` at position ${at + 1}`
  const refusal = `must be ${allowed}, received ${describe(id)}${where}`
  if (typeof id === 'string') return id === '' ? refusal : `${refusal}: ${mistakenId(id)}`
  return Number.isInteger(id) ? `${refusal}: send numbers beyond 2^53-1 as texts` : refusal
}

function sameIds(a: readonly RecordId[], b: readonly RecordId[]): boolean {
  return a.length === b.length && a.every((id, at) => String(id) === String(b[at]))
}
