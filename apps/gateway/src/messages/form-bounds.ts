import { FlexActionError } from '@flexaction/shared/errors'
import { LONGEST_NAME } from '../access/visible-actions.js'
import type { JsonObject } from './parse-message.js'

export interface FormBounds {
  /** Most fields. */
  fields: number
  /** Most characters of names and values together. */
  characters: number
}

/** Throws field errors for a form that is too large to be checked field by field. Which records are meant is no part of it. */
export function requireBoundedForm({ ids: _, ...form }: JsonObject, { fields, characters }: FormBounds): void {
  const names = Object.keys(form)
  if (names.length > fields) throw refusal(`has ${names.length} fields: at most ${fields} are allowed`)
  if (names.some((name) => name.length > LONGEST_NAME))
    throw refusal(`has a field whose name is longer than ${LONGEST_NAME} characters`)
  if (charactersLeft(form, characters) < 0)
    throw refusal(`is larger than ${characters / 1_000} kB: send large contents by another way`)
}

/** What is left of so many characters after a value; it stops once nothing is. */
function charactersLeft(value: unknown, left: number): number {
  if (left < 0) return left
  if (typeof value === 'string') return left - value.length
  if (typeof value !== 'object' || value === null) return left - 4
  let rest = left - 2
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length && rest >= 0; at++) rest = charactersLeft(value[at], rest - 1)
    return rest
  }
  for (const [key, one] of Object.entries(value)) {
    if (rest < 0) break
    rest = charactersLeft(one, rest - key.length - 2)
  }
  return rest
}

function refusal(what: string): FlexActionError {
  return FlexActionError.fields({ non_field_errors: [`The form ${what}`] })
}
