import { type FileOptions, result } from '@flexaction/shared'
import { isFileResult } from '@flexaction/shared/definitions'
import { propertyOf, textOf } from '@flexaction/shared/texts'
import { types } from 'node:util'
import { type Failure, readThrown, refused } from './failures.js'
import { jsonOf, Unstorable } from './json-of.js'

export type ReadResult =
  | { kind: 'nothing' }
  /** By the rules of PROTOCOL.md section 5, at most 256,000 characters. */
  | { kind: 'json'; json: string }
  | { kind: 'file'; options: FileOptions }
  /** It cannot be stored; calling the handler again would not help. */
  | { kind: 'failed'; failure: Failure }

const NOTHING: ReadResult = Object.freeze({ kind: 'nothing' })

/** What a handler returned (a promise of it is awaited before), or gave to `ctx.succeed`. */
export function readResult(returned: unknown): ReadResult {
  if (returned === undefined) return NOTHING
  try {
    if (typeof returned === 'object' && returned !== null) {
      if (isFileResult(returned)) return { kind: 'file', options: readFile(returned.options) }
      refuseUnread(returned)
    }
    const json = jsonOf(returned)
    return json === undefined ? NOTHING : { kind: 'json', json }
  } catch (thrown) {
    return { kind: 'failed', failure: failureOf(thrown) }
  }
}

function failureOf(thrown: unknown): Failure {
  if (Unstorable.is(thrown)) return refused(thrown.message)
  const failure = readThrown(thrown)
  // A file inside of another result says so itself. Other texts are for the log alone.
  if (failure.kind === 'refused') return failure
  return {
    ...refused('the result cannot be stored as JSON: it threw an error while it was read'),
    stack: failure.stack ?? failure.message,
  }
}

/** What has still to be run or read would be stored as `{}`, and nobody would know. */
function refuseUnread(returned: object): void {
  const prototype: unknown = Object.getPrototypeOf(returned)
  if (prototype === Array.prototype) return
  const iterates =
    typeof propertyOf(returned, Symbol.asyncIterator) === 'function' ||
    typeof propertyOf(returned, Symbol.iterator) === 'function'
  if (!iterates) return
  if (typeof propertyOf(returned, 'next') === 'function')
    throw new Unstorable(
      'the handler returned a generator, which was never run: write it as a function (without *), or give the generator to result.file({ name, stream })',
    )
  if (typeof propertyOf(returned, Symbol.asyncIterator) === 'function')
    throw new Unstorable('the handler returned a stream, which was not read: return result.file({ name, stream })')
}

/** A file of any copy of the package: checked again, since what was checked when it was made may have changed. */
function readFile(given: unknown): FileOptions {
  const content = propertyOf(given, 'content')
  const stream = propertyOf(given, 'stream')
  const type = propertyOf(given, 'type')
  try {
    const options = {
      name: propertyOf(given, 'name'),
      ...(type !== undefined && { type }),
      ...(content !== undefined && { content }),
      ...(stream !== undefined && { stream: piecesOf(stream) }),
    }
    if (content !== undefined && typeof content !== 'string' && !types.isUint8Array(content))
      throw new TypeError('its content must be text or bytes')
    return result.file(options as FileOptions).options
  } catch (error) {
    throw new Unstorable(`the file cannot be stored: ${textOf(error, 1_000)}`)
  }
}

/** A stream whose pieces are what they must be. What it throws is the handler's own value. */
function piecesOf(stream: unknown): AsyncIterable<string | Uint8Array> {
  const iterate: unknown = propertyOf(stream, Symbol.asyncIterator)
  if (typeof iterate !== 'function') throw new TypeError('it must have a stream of text or bytes')
  const pieces = { [Symbol.asyncIterator]: () => (iterate as () => AsyncIterator<unknown>).call(stream) }
  return checked(pieces)
}

async function* checked(pieces: AsyncIterable<unknown>): AsyncGenerator<string | Uint8Array> {
  for await (const piece of pieces) {
    if (typeof piece !== 'string' && !types.isUint8Array(piece))
      throw new TypeError(`a file's stream must bring text or bytes, received ${textOf(piece, 100).slice(0, 100)}`)
    yield piece
  }
}
