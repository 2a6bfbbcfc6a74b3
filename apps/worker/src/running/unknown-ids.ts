import type { Failure } from '../values/index.js'

const MOST_NAMED = 3

/** Why records fail that a bulk handler left open, having settled ids that are not in its call. */
export function settledUnknown(ids: readonly string[]): Failure {
  const named = ids.slice(0, MOST_NAMED).map((id) => `'${id.slice(0, 100)}'`)
  const more = ids.length > MOST_NAMED ? ` and ${ids.length - MOST_NAMED} more` : ''
  return {
    kind: 'refused',
    message:
      `the handler settled ids that are not in this call: ${named.join(', ')}${more}. ` +
      'What it meant for this record is not known, so it does not count as done',
  }
}
