import { types } from 'node:util'
import { propertyOf, UNREADABLE } from './property-of.js'

/** Characters of a name, of an error or of one of its fields. */
export const LONGEST_NAME = 200

/** Whether it is an error, of this or another realm. Never throws. */
export function isError(value: unknown): value is Error {
  try {
    return types.isNativeError(value) || value instanceof Error
  } catch {
    return false
  }
}

/** The most telling name: its own, or that of its class. Never empty. */
export function nameOfError(error: object): string {
  const names = [propertyOf(error, 'name'), propertyOf(propertyOf(error, 'constructor'), 'name')]
  const telling = names.find((name) => typeof name === 'string' && !['', 'Error', 'Object', UNREADABLE].includes(name))
  return typeof telling === 'string' ? telling.slice(0, LONGEST_NAME) : 'Error'
}

/** An error's own text, or its name when it has none, or one that is no text. */
export function plainMessageOf(error: object): string {
  const message = propertyOf(error, 'message')
  if (message === UNREADABLE) return `${nameOfError(error)} (its message cannot be read)`
  return typeof message === 'string' && message !== '' ? message : nameOfError(error)
}
