import { FlexActionError } from '@flexaction/shared/errors'
import type { ParsedUrlQuery } from 'node:querystring'
import { z } from 'zod'

/** A text; an empty one counts as absent. */
export const textParam = (description: string) => z.string().optional().meta({ description })

/** One of these words. */
export const wordParam = <const Word extends string>(description: string, words: readonly Word[]) =>
  z
    .enum(words, { error: ({ input }) => `'${shown(input)}' is not allowed; allowed are ${words.join(', ')}` })
    .optional()
    .meta({ description })

/** A whole number. */
export const numberParam = (description: string, min: number, max: number, otherwise: number) =>
  z
    .preprocess(
      (value) => (typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value),
      z
        .int({ error: ({ input }) => notANumber(input, min, max) })
        .min(min, { error: ({ input }) => notANumber(input, min, max) })
        .max(max, { error: ({ input }) => notANumber(input, min, max) })
        .default(otherwise),
    )
    .meta({ description })

function shown(input: unknown): string {
  return String(input).slice(0, 100)
}

function notANumber(input: unknown, min: number, max: number): string {
  return `'${shown(input)}' is not allowed; it must be a whole number from ${min} to ${max}`
}

/** A query as its schema has it. Parameters that it does not name are ignored; wrong ones are refused, with all reasons. */
export function readQuery<Shape extends z.ZodRawShape>(
  query: ParsedUrlQuery,
  schema: z.ZodObject<Shape>,
): z.output<z.ZodObject<Shape>> {
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value))
      throw new FlexActionError('bad_request', `${name}: give it once, received ${value.length} values`)
    if (value !== undefined && value !== '') given[name] = value
  }
  const read = schema.safeParse(given)
  if (read.success) return read.data
  const problems = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new FlexActionError('bad_request', problems.join('; '))
}
