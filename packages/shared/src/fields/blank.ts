import { z } from 'zod'
import { showsNothing } from '../texts/shows-nothing.js'
import { mustBe } from './wording.js'

/** Text that shows nothing; of texts by language, when none of them shows anything. */
export function isBlank(value: unknown): boolean {
  if (typeof value === 'string') return showsNothing(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).every((text) => typeof text === 'string' && showsNothing(text))
}

/** An option of the fields that take text. */
export interface BlankOption {
  /** Whether `''` and text that shows nothing is a value, also when the field is required. Default false. */
  blank?: boolean
}

/** The param `blank`, and the rule that follows from it. */
export const blankParam = z.boolean(mustBe('true or false')).optional()
export const unlessBlank = ({ blank }: { blank?: boolean | undefined }): boolean => blank !== true
