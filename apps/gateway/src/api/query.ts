import { FlexActionError } from '@flexaction/shared/errors'
import type { ParsedUrlQuery } from 'node:querystring'
import { z } from 'zod'

/** A text; an empty one counts as absent. */
export const textParam = (description: string) => z.string().optional().meta({ description })

/** A time with its zone. */
export const timeParam = (description: string) =>
  z.iso
    .datetime({
      offset: true,
      error: ({ input }) => `'${shown(input)}' is not allowed; it must be a time such as 2026-11-28T09:30:00Z`,
    })
    .optional()
    .meta({ description: `${description} (ISO 8601)` })

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

/** A JSON body as its schema has it; wrong ones are refused, with all reasons by field. */
export function readBodyAs<Shape extends z.ZodRawShape>(
  body: unknown,
  schema: z.ZodObject<Shape>,
): z.output<z.ZodObject<Shape>> {
  const read = schema.safeParse(body)
  if (read.success) return read.data
  const problems: Record<string, string[]> = {}
  for (const { path, message } of read.error.issues)
    (problems[path.join('.') || 'non_field_errors'] ??= []).push(message)
  throw FlexActionError.fields(problems)
}

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
