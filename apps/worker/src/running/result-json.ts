import { ActionError } from '@flexaction/shared'

/** Largest result of one call, as JSON, in characters: results are read with the run's items, many at a time. */
const MOST_CHARACTERS = 256_000

/**
 * A handler's result as JSON, by the rules of PROTOCOL.md section 5: NaN and Infinity become null, dates ISO 8601, bigints
 * strings. '' when nothing was returned. Throws an ActionError for what JSON cannot hold, and for what is too large: calling
 * the handler again would not help.
 */
export function resultJson(result: unknown): string {
  const json = toJson(result)
  if (json.length <= MOST_CHARACTERS) return json
  throw new ActionError(
    `the result is too large: ${json.length} characters of JSON, at most ${MOST_CHARACTERS} are kept; return result.file(…) instead`,
  )
}

function toJson(result: unknown): string {
  if (result === undefined) return ''
  try {
    return JSON.stringify(result) ?? ''
  } catch {
    // Tried without first: a replacer costs much more than none.
  }
  try {
    return JSON.stringify(result, bigintsAsTexts) ?? ''
  } catch (error) {
    // A file inside of it says so itself.
    if (ActionError.is(error)) throw error
    throw new ActionError('the result cannot be stored as JSON', { cause: error })
  }
}

function bigintsAsTexts(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
