import { showsNothing } from '../texts/shows-nothing.js'
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
  if (!text.isWellFormed()) return 'it holds half of a character (a surrogate without the other one)'
  // Nearly all ids begin so.
  const first = text.charCodeAt(0)
  if ((first >= 0x30 && first <= 0x39) || (first >= 0x61 && first <= 0x6d)) return undefined
  if (showsNothing(text)) return 'it is blank'
  if (NO_ID.has(text.trim())) return 'a program wrote it in place of an id'
  return BEGINS_LIKE_JSON.test(text) ? 'it is JSON as a text; send a list as a list' : undefined
}

/** The spellings of a UUID by their length: bare digits, with hyphens, in braces, and as a URN. */
const LENGTHS_OF_UUIDS: ReadonlySet<number> = new Set([32, 36, 38, 45])
const UUID = /^(?:urn:uuid:|\{)?([\da-f]{8})-?([\da-f]{4})-?([\da-f]{4})-?([\da-f]{4})-?([\da-f]{12})\}?$/i

/**
 * What an id is compared by: its text, and for a UUID the same text however it is spelled (RFC 9562). A database may give it in lower case
 * and a client send it in upper case; both mean the same record.
 */
export function recordKey(id: RecordId): string {
  const text = String(id)
  const parts = LENGTHS_OF_UUIDS.has(text.length) ? UUID.exec(text) : null
  return parts ? parts.slice(1).join('-').toLowerCase() : text
}
