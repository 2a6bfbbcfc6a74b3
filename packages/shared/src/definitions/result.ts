import { shown } from '../fields/wording.js'
import { ActionError } from './action-error.js'

const FILE = Symbol.for('flexaction.file')
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+( *;[\x20-\x7e]*)?$/

/** What a file is made of. */
export interface FileOptions {
  /** Its name for the person who downloads it. */
  name: string
  /** Its media type. Default `application/octet-stream`. */
  type?: string
  /** All of it… */
  content?: string | Uint8Array
  /** … or piece by piece. */
  stream?: AsyncIterable<string | Uint8Array>
}

/** A file that a handler returns. Made by `result.file` only. */
export interface FileResult {
  readonly [FILE]: true
  readonly options: FileOptions
  /** Throws an ActionError: a file is stored where it is the whole result, not inside of another one. */
  toJSON(): never
}

/**
 * What a handler may return besides plain JSON, or give to `ctx.succeed`. Callers get an object with a `type`: `message`, `redirect` and
 * `refresh` as they are; a file is stored for `FILE_RETENTION` and comes as `{ type: 'file', name, contentType, size, url, expiresAt }`.
 * Each throws a TypeError for what it cannot be made of.
 */
export const result = {
  /** A text for the person. */
  message(text: string) {
    if (typeof text !== 'string') throw new TypeError(`a message must be text, received ${shown(text)}`)
    return { type: 'message', message: text } as const
  },

  /** A file to download: it has a name, and either content or a stream. */
  file(options: FileOptions): FileResult {
    const { name, type, content, stream } = options
    if (typeof name !== 'string' || name === '')
      throw new TypeError(`a file's name must be text that is not empty, received ${shown(name)}`)
    const wrong = (rule: string) => new TypeError(`the file '${name}' ${rule}`)
    if (type !== undefined && !(typeof type === 'string' && MEDIA_TYPE.test(type)))
      throw wrong(`must have a type like text/csv, received ${shown(type)}`)
    if ((content === undefined) === (stream === undefined)) throw wrong('needs either content or a stream')
    if (content !== undefined && !(typeof content === 'string' || content instanceof Uint8Array))
      throw wrong(`must have text or bytes as its content, received ${shown(content)}`)
    if (stream !== undefined && typeof stream[Symbol.asyncIterator] !== 'function')
      throw wrong(`must have a stream of text or bytes, received ${shown(stream)}`)
    return { [FILE]: true, options, toJSON: () => refuseInside(name) }
  },

  /** An address to go to: http, https, or a path. */
  redirect(url: string) {
    const path = /^\/(?![/\\])/.test(url)
    const absolute = URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol)
    if (!path && !absolute) throw new TypeError(`'${url}' is no address to go to: give an http(s) address, or a path`)
    return { type: 'redirect', url } as const
  },

  /** Collections whose records have changed. */
  refresh(models: readonly string[]) {
    if (!Array.isArray(models) || models.some((model) => typeof model !== 'string'))
      throw new TypeError(`what is to be refreshed must be a list of collections, received ${shown(models)}`)
    return { type: 'refresh', models } as const
  },
}

function refuseInside(name: string): never {
  throw new ActionError(
    `the file '${name}' stands inside of another result: return it alone, or give it to ctx.succeed`,
  )
}

export function isFileResult(value: unknown): value is FileResult {
  return typeof value === 'object' && value !== null && FILE in value
}
