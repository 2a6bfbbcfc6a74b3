import type { RecordId } from '../definitions/context.js'

/**
 * A batch's ids as one text: JSON values between commas, with a comma at either end, so that one plain text search finds
 * whether a record is among them. The one item of a collection or common action has no id: `,null,`.
 */
export type PackedIds = string

export const NO_ID: PackedIds = ',null,'

export function packIds(ids: readonly RecordId[]): PackedIds {
  return `,${JSON.stringify(ids).slice(1, -1)},`
}

export function unpackIds(packed: PackedIds): (RecordId | null)[] {
  return JSON.parse(`[${packed.slice(1, -1)}]`) as (RecordId | null)[]
}
