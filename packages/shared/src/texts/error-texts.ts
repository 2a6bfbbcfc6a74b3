import { isError, LONGEST_NAME, nameOfError, plainMessageOf } from './error-names.js'
import { propertyOf, UNREADABLE } from './property-of.js'
import { textOf } from './text-of.js'

/** Characters of each error that is named inside the message or the stack of another one. */
const LONGEST_INNER_MESSAGE = 1_000
/** Errors of an AggregateError that are named. */
const MOST_ERRORS = 5
/** Causes of causes that are shown. */
const MOST_CAUSES = 5
/** Further fields of an error that are shown: `code`, `errno`, `detail` and the like. */
const MOST_NOTES = 20
const LONGEST_NOTE = 500

/** An error's text, readable whatever its message is; the errors inside of an AggregateError are named. Never empty. */
export function messageOfError(error: object, mostCharacters: number): string {
  const message = propertyOf(error, 'message')
  const isText = typeof message === 'string' || message === undefined || message === null
  const own = isText ? plainMessageOf(error) : textOf(message, mostCharacters)
  const { errors, count } = aggregatedErrors(error)
  if (count === 0) return own
  const inner = errors.map((one) => textOf(one, LONGEST_INNER_MESSAGE).slice(0, LONGEST_INNER_MESSAGE))
  const more = count > MOST_ERRORS ? ` (and ${count - MOST_ERRORS} more)` : ''
  return `${own}: ${inner.join('; ')}${more}`
}

/** Where an error comes from: its stack, what it carries besides (`code`, …), and the same of its errors and causes. */
export function stackOfError(error: object, mostCharacters: number): string {
  const parts: string[] = []
  let left = mostCharacters
  const add = (text: string) => {
    parts.push(text.slice(0, Math.max(0, left) + 1))
    left -= text.length
  }
  let one: unknown = error
  for (let depth = 0; isError(one) && depth <= MOST_CAUSES && left > 0; depth++) {
    add(`${depth === 0 ? '' : '\ncaused by: '}${ownStack(one)}`)
    for (const inner of aggregatedErrors(one).errors)
      add(`\none of its errors: ${isError(inner) ? ownStack(inner) : textOf(inner, LONGEST_INNER_MESSAGE)}`)
    one = propertyOf(one, 'cause')
  }
  if (one !== undefined && one !== null && !isError(one))
    add(`\ncaused by: ${textOf(one, LONGEST_INNER_MESSAGE).slice(0, LONGEST_INNER_MESSAGE)}`)
  return parts.join('')
}

/** What an error carries besides its text, as far as it is short: `{ code: 'ECONNREFUSED', errno: -111 }`. */
export function errorNotes(error: object): Record<string, string | number | boolean> {
  const notes: Record<string, string | number | boolean> = {}
  let keys: string[]
  try {
    keys = Object.keys(error).slice(0, 5 * MOST_NOTES)
  } catch {
    return notes
  }
  let count = 0
  for (const key of keys) {
    if (['name', 'message', 'stack', 'cause', 'errors'].includes(key) || key.length > LONGEST_NAME) continue
    const note = propertyOf(error, key)
    if (typeof note !== 'number' && typeof note !== 'boolean' && typeof note !== 'string') continue
    if (++count > MOST_NOTES) break
    Object.defineProperty(notes, key, {
      value: typeof note === 'string' ? note.slice(0, LONGEST_NOTE) : note,
      enumerable: true,
    })
  }
  return notes
}

function ownStack(error: object): string {
  const given = propertyOf(error, 'stack')
  const message = propertyOf(error, 'message')
  const isReadable = typeof given === 'string' && given !== '' && given !== UNREADABLE
  const stack = isReadable ? given : `${nameOfError(error)}: ${plainMessageOf(error)}`
  const notes = textOf(errorNotes(error), 2 * LONGEST_INNER_MESSAGE)
  return `${withShortMessage(stack, message)}${notes === '{}' ? '' : `\n    ${notes}`}`
}

/** A stack begins with the message: a long one would leave no room for the rest. */
function withShortMessage(stack: string, message: unknown): string {
  if (typeof message !== 'string' || message.length <= LONGEST_INNER_MESSAGE) return stack
  const at = stack.indexOf(': ') + 2
  if (!stack.startsWith(message, at)) return stack
  return `${stack.slice(0, at + LONGEST_INNER_MESSAGE)}…${stack.slice(at + message.length)}`
}

/** The first errors of an AggregateError, and how many there are. */
function aggregatedErrors(error: object): { errors: unknown[]; count: number } {
  const given = nameOfError(error) === 'AggregateError' ? propertyOf(error, 'errors') : undefined
  try {
    if (!Array.isArray(given)) return { errors: [], count: 0 }
    const count = given.length
    return { errors: Array.from({ length: Math.min(count, MOST_ERRORS) }, (_, at) => propertyOf(given, at)), count }
  } catch {
    return { errors: [], count: 0 }
  }
}
