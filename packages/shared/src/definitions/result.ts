const FILE = Symbol.for('flexaction.file')

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
}

/**
 * What a handler may return besides plain JSON. Callers get an object with a `type`: `message`, `redirect` and `refresh` as they
 * are; a file is stored for `FILE_RETENTION` and comes as `{ type: 'file', name, contentType, size, url, expiresAt }`.
 */
export const result = {
  /** A text for the person. */
  message: (text: string) => ({ type: 'message', message: text }) as const,

  /** A file to download. Throws a TypeError unless it has a name, and either content or a stream. */
  file(options: FileOptions): FileResult {
    if (typeof options.name !== 'string' || options.name === '') throw new TypeError('a file needs a name')
    if ((options.content === undefined) === (options.stream === undefined))
      throw new TypeError(`the file '${options.name}' needs either content or a stream`)
    return { [FILE]: true, options }
  },

  /** An address to go to. Throws a TypeError unless it is http, https, or a path. */
  redirect(url: string) {
    const path = /^\/(?![/\\])/.test(url)
    const absolute = URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol)
    if (!path && !absolute) throw new TypeError(`'${url}' is no address to go to: give an http(s) address, or a path`)
    return { type: 'redirect', url } as const
  },

  /** Collections whose records have changed. */
  refresh: (models: readonly string[]) => ({ type: 'refresh', models }) as const,
}

export function isFileResult(value: unknown): value is FileResult {
  return typeof value === 'object' && value !== null && FILE in value
}
