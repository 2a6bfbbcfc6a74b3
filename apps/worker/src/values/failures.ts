import { ActionError } from '@flexaction/shared'
import { readFieldErrors } from '@flexaction/shared/definitions'
import {
  isError,
  maskedText,
  maskSecrets,
  messageOfError,
  propertyOf,
  stackOfError,
  textOf,
} from '@flexaction/shared/texts'

const LONGEST_MESSAGE = 10_000
const LONGEST_STACK = 20_000
const NO_REASON = 'refused without a reason'

/** Why an item failed: plain data, which can be cloned, sent and stored. */
export interface Failure {
  /** `refused`: an ActionError of any copy of the package, shown to the person and not retried. Anything else: `unexpected`. */
  kind: 'refused' | 'unexpected'
  /** Readable by a person, never empty, at most 10,000 characters, with secrets masked. */
  message: string
  /** Of an unexpected failure: at most 20,000 characters, with secrets masked. For the log alone. */
  stack?: string
  /** Of a refusal about fields of the form: at most 200 fields and 20,000 characters. */
  fields?: Readonly<Record<string, readonly string[]>>
}

/** What a handler threw, or rejected with. */
export function readThrown(thrown: unknown): Failure {
  try {
    if (ActionError.is(thrown)) return refusalOf(thrown)
    if (isError(thrown)) return failureOf(thrown)
    return { kind: 'unexpected', message: thrownText(thrown) }
  } catch {
    // Whatever the functions above do not foresee, as little stack being left: the item fails all the same.
    return { kind: 'unexpected', message: 'the handler threw a value that cannot be read' }
  }
}

/** An error that is read as this failure again. */
export function errorOf({ kind, message, stack, fields }: Failure): Error {
  const error = kind === 'refused' ? new ActionError(fields ? { ...fields } : message) : new Error(message)
  if (stack !== undefined) error.stack = stack
  return error
}

/** What a bulk handler gives to `ctx.fail`: a text is a refusal, an error counts as thrown, anything else becomes a text. */
export function readWhy(why: unknown): Failure {
  try {
    if (ActionError.is(why) || isError(why)) return readThrown(why)
    if (why === undefined || why === null) return refused(NO_REASON)
    const text = textOf(why, LONGEST_MESSAGE)
    return refused(SAY_NOTHING.has(text) ? `refused with ${text || 'an empty text'}, without a reason` : text)
  } catch {
    return refused('the reason that the handler gave cannot be read')
  }
}

/** A failure that calling the handler again would not help. */
export function refused(message: string): Failure {
  return { kind: 'refused', message: maskedText(message === '' ? NO_REASON : message, LONGEST_MESSAGE) }
}

/** A refusal has no stack: it is an answer and not a fault, and making the text of a stack costs more than all the rest. */
function refusalOf(error: ActionError): Failure {
  const failure = refused(messageOfError(error, LONGEST_MESSAGE))
  const fields = readFieldErrors(propertyOf(error, 'fields'))
  return fields ? { ...failure, fields: masked(fields) } : failure
}

function masked(fields: Readonly<Record<string, readonly string[]>>): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, texts]) => [name, texts.map((text) => maskSecrets(text))]),
  )
}

function failureOf(error: object): Failure {
  const cause = propertyOf(error, 'cause')
  const because = isError(cause) ? ` (cause: ${messageOfError(cause, LONGEST_MESSAGE)})` : ''
  return {
    kind: 'unexpected',
    message: maskedText(`${messageOfError(error, LONGEST_MESSAGE)}${because}`, LONGEST_MESSAGE),
    stack: maskedText(stackOfError(error, LONGEST_STACK), LONGEST_STACK),
  }
}

/** Texts of values that tell nobody anything. */
const SAY_NOTHING: ReadonlySet<string> = new Set(['', '{}', '[]', '[unreadable]'])

/** Texts and objects speak for themselves; `undefined` alone says nothing. */
function thrownText(thrown: unknown): string {
  const text = maskedText(textOf(thrown, LONGEST_MESSAGE), LONGEST_MESSAGE)
  const speaks = typeof thrown === 'string' || (typeof thrown === 'object' && thrown !== null)
  if (speaks && !SAY_NOTHING.has(text)) return text
  return `the handler threw ${text === '' ? 'an empty text' : text}`
}
