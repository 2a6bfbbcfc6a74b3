import type { RecordId } from './context.js'

/** What programs write in place of an id that they do not have. */
const NO_ID: ReadonlySet<string> = new Set([
  'undefined',
  'null',
  'NaN',
  '[object Object]',
  '[object Undefined]',
  '[object Null]',
])
/** The beginning of a JSON list or object. An id such as `{550e8400-…}` begins like neither. */
const BEGINS_LIKE_JSON = /^\s*(?:\[|\{\s*["}])/

/** Whether a value is an id: a text that is not blank, or a whole number that JSON can carry. */
export function isRecordId(value: unknown): value is RecordId {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  return typeof value === 'string' && mistakenId(value) === undefined
}

/**
 * Why a text cannot be an id, in words that follow what was received; `undefined` when it can be one. Such texts come from programs that
 * had no id, or a list of them, and made a text of that: to take them for ids would name no record, or the wrong one.
 */
export function mistakenId(text: string): string | undefined {
  if (text.trim() === '') return 'it is blank'
  // Nearly all ids begin otherwise.
  const first = text.charCodeAt(0)
  if ((first >= 0x30 && first <= 0x39) || (first >= 0x61 && first <= 0x6d)) return undefined
  if (NO_ID.has(text)) return 'a program wrote it in place of an id'
  return BEGINS_LIKE_JSON.test(text) ? 'it is JSON as a text; send a list as a list' : undefined
}
