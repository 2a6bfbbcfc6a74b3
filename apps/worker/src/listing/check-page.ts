import type { RecordPage } from '@flexaction/shared'

/** A page as it must be: a wrong one would skip or repeat records, or never come to an end. */
export function checkPage(collection: string, page: unknown, cursor: string | undefined): RecordPage {
  const { records, next } = (page ?? {}) as Partial<RecordPage>
  const wrong = (what: string): Error => new Error(`collection '${collection}': list() must return ${what}`)
  if (!Array.isArray(records)) throw wrong('{ records: [{ id, label }], next? }')
  for (const { id } of records as Partial<RecordPage['records'][number]>[]) {
    if (typeof id !== 'number' && typeof id !== 'string') throw wrong(`records with an id, received ${String(id)}`)
  }
  if (next !== undefined && typeof next !== 'string') throw wrong(`next as a text, received ${typeof next}`)
  if (next !== undefined && next === cursor) throw wrong(`another next than its cursor, received '${next}' twice`)
  return { records, next }
}
