import {
  errorNotes,
  isError,
  isSecretKey,
  MASKED,
  maskedText,
  messageOfError,
  nameOfError,
  propertyOf,
  stackOfError,
  textOf,
  UNREADABLE,
} from '../texts/index.js'

const LONGEST_MESSAGE = 10_000
const LONGEST_STACK = 20_000

/**
 * What a log line holds of `err`, whatever that is: type, message, stack with causes, and short fields like `code`. At most
 * 10,000 characters of message and 20,000 of stack, with secrets masked. Never throws.
 */
export function errorForLog(error: unknown): unknown {
  try {
    if (isError(error) || hasMessage(error)) return fieldsOf(error)
    return error === undefined ? undefined : maskedText(textOf(error, LONGEST_MESSAGE), LONGEST_MESSAGE)
  } catch {
    return UNREADABLE
  }
}

/** Errors that were taken apart, as the failures of handlers are, are logged like errors. */
function hasMessage(value: unknown): value is object {
  const message = propertyOf(value, 'message')
  return typeof message === 'string' && message !== UNREADABLE
}

function fieldsOf(error: object): Record<string, unknown> {
  const stack = isError(error) ? stackOfError(error, LONGEST_STACK) : propertyOf(error, 'stack')
  const notes = Object.entries(errorNotes(error)).map(([key, note]) => [
    key,
    isSecretKey(key) ? MASKED : typeof note === 'string' ? maskedText(note, LONGEST_MESSAGE) : note,
  ])
  return {
    type: nameOfError(error),
    message: maskedText(messageOfError(error, LONGEST_MESSAGE), LONGEST_MESSAGE),
    ...(typeof stack === 'string' && { stack: maskedText(stack, LONGEST_STACK) }),
    ...(Object.fromEntries(notes) as Record<string, unknown>),
  }
}
