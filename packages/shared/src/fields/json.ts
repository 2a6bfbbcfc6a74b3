import { z } from 'zod'
import { declareField, type Field, type FieldOptions, type Present } from './field.js'
import { fieldType, paramsOf } from './field-type.js'
import { InexactNumber, isDeeperThan, MOST_JSON_LEVELS, parseJsonExactly, RepeatedKey } from '../json/index.js'
import { refusal } from './wording.js'

const JSON_KINDS = new Set<string>(['object', 'number', 'boolean'])

export const jsonField = fieldType({
  emptyIsAbsent: true,
  params: paramsOf({}),
  schema: () =>
    z.unknown().transform((raw, ctx): unknown => {
      const read = JSON_KINDS.has(typeof raw) ? { value: raw } : readText(raw)
      if ('wrong' in read) ctx.addIssue(read.wrong)
      else if (isDeeperThan(MOST_JSON_LEVELS, read.value))
        ctx.addIssue(`must be nested at most ${MOST_JSON_LEVELS} levels deep; this is deeper`)
      else return read.value
      return z.NEVER
    }),
})

function readText(raw: unknown): { value: unknown } | { wrong: string } {
  try {
    if (typeof raw === 'string') return { value: parseJsonExactly(raw) }
  } catch (error) {
    if (error instanceof InexactNumber)
      return {
        wrong: `must hold numbers of which JSON can carry all digits, or send them as text, received ${error.literal}`,
      }
    if (error instanceof RepeatedKey)
      return { wrong: `must have each key once in an object, received ${JSON.stringify(error.path.at(-1))} twice` }
  }
  return { wrong: refusal('be JSON', raw) }
}

/**
 * Any JSON (JSONField, PROTOCOL.md section 3). The handler gets the value, of type unknown. Text is read as JSON
 * (`"{}"` is an empty object, and a text is sent as `"\"text\""`); other values are taken as sent. `''` and null
 * count as absent; the text `"null"` is the value null. Refuses text that is not JSON, that holds numbers which lose digits, or a key twice in
 * one object, and what is nested more than 100 levels deep. A default obeys the same rules.
 */
export function json<Required extends boolean = true, Default extends NonNullable<unknown> = never>(
  options: FieldOptions<Required, Default> = {},
): Field<unknown, Present<Required, Default>> {
  return declareField('JSONField', options)
}
