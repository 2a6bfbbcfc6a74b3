import type { ListedRecord, RecordPage } from 'flexaction'

/** The pattern for `LIKE ? ESCAPE '\'` that finds `search` as it was typed, anywhere in a text. SQLite ignores the case of ASCII letters only. */
export function containing(search = ''): string {
  return `%${search.replace(/[\\%_]/g, '\\$&')}%`
}

/** A page of `limit` records, made from one record more than that: the one too many says that another page follows. */
export function toPage(records: ListedRecord[], limit: number): RecordPage {
  const page = records.slice(0, limit)
  return records.length > limit ? { records: page, next: String(page.at(-1)?.id) } : { records: page }
}
