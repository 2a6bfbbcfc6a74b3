import { FlexActionError } from '@flexaction/shared/errors'
import type { ParsedUrlQuery } from 'node:querystring'

/** A query parameter; given twice, it is refused. */
export function optionalText(query: ParsedUrlQuery, name: string): string | undefined {
  const value = query[name]
  if (Array.isArray(value))
    throw new FlexActionError('bad_request', `${name}: give it once, received ${value.length} values`)
  return value === '' ? undefined : value
}

export function oneOf<const T extends string>(query: ParsedUrlQuery, name: string, words: readonly T[]): T | undefined {
  const value = optionalText(query, name)
  if (value === undefined) return undefined
  const found = words.find((word) => word === value)
  if (!found)
    throw new FlexActionError('bad_request', `${name}: '${value}' is not allowed; allowed are ${words.join(', ')}`)
  return found
}

export function wholeNumber(query: ParsedUrlQuery, name: string, otherwise: number, min: number, max: number): number {
  const value = optionalText(query, name)
  if (value === undefined) return otherwise
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
  if (!(number >= min && number <= max)) {
    throw new FlexActionError(
      'bad_request',
      `${name}: '${value}' is not allowed; it must be a whole number from ${min} to ${max}`,
    )
  }
  return number
}
