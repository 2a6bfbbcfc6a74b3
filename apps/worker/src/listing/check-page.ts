import type { RecordPage } from '@flexaction/shared'
import { isRecordId, mistakenId, recordKey } from '@flexaction/shared/definitions'
import { inspect } from 'node:util'

/**
 * A page as it must be: a wrong one would skip or repeat records, call a record under another's id, or never come to an end. Ids that
 * are BigInts become texts, which is how they travel; a record without a label is shown by its id.
 */
export function checkPage(collection: string, page: unknown, cursor: string | undefined): RecordPage {
  const { records, next } = (page ?? {}) as { records?: unknown; next?: unknown }
  const wrong = (what: string): Error => new Error(`collection '${collection}': list() must return ${what}`)
  if (!Array.isArray(records)) throw wrong('{ records: [{ id, label }], next? }')
  const seen = new Set<string>()
  const checked = records.map((record: unknown, at) => {
    const { id: given, label, ...others } = (record ?? {}) as { id?: unknown; label?: unknown }
    const id: unknown = typeof given === 'bigint' ? String(given) : given
    const where = `received ${shown(given)} as the id of record ${at + 1} of a page`
    if (!isRecordId(id)) throw wrong(`records with ids that are ${RULE}; ${where}${whyNot(id)}`)
    if (seen.has(recordKey(id))) throw wrong(`each record once; ${where}, which an earlier record of it has`)
    seen.add(recordKey(id))
    if (typeof label !== 'string' && label !== undefined && label !== null)
      throw wrong(
        `records with labels that are texts; received ${shown(label)} as the label of record ${at + 1} of a page`,
      )
    return { ...others, id, label: label ?? String(id) }
  })
  if (next === null) return { records: checked }
  if (next !== undefined && (typeof next !== 'string' || next === ''))
    throw wrong(`next as a text that is not empty, and none on the last page; received ${shown(next)}`)
  if (next !== undefined && next === cursor) throw wrong(`another next than its cursor, received '${next}' twice`)
  return { records: checked, next }
}

const RULE = 'whole numbers up to 2^53-1, BigInts, or texts that are not empty'

/** What an author may not see at once. */
function whyNot(id: unknown): string {
  if (typeof id === 'string') return `: ${mistakenId(id)}`
  if (typeof id !== 'number' || !Number.isInteger(id)) return ''
  return ': beyond 2^53 a number names several records, so that ids of that size must be read as texts or BigInts'
}

function shown(given: unknown): string {
  return inspect(given, { depth: 0 })
}
