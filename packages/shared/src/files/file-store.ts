import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FileOptions } from '../definitions/result.js'
import { ActionError } from '../definitions/action-error.js'
import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'

export interface FileStoreOptions {
  redis: RedisClient
  keys: Keys
  /** How long files are kept, in ms. */
  keptMs: number
  /** Largest file, in bytes. */
  mostBytes: number
  /** What stands before a file's id in its address. */
  address: string
}

/** A file as a run's result shows it. */
export interface FileInfo {
  type: 'file'
  name: string
  contentType: string
  /** Bytes. */
  size: number
  /** Where it can be downloaded, by whoever has this address. */
  url: string
  /** ISO 8601. */
  expiresAt: string
}

export interface StoredFile {
  name: string
  contentType: string
  size: number
  content: AsyncIterable<Buffer>
}

const CHUNK_BYTES = 256 * 1024

/** Files that handlers return: in Redis, in pieces, for a while; their addresses are signed and expire with them. */
export class FileStore {
  constructor(private readonly options: FileStoreOptions) {}

  /** Stores a file. Throws an ActionError when it is too large; then nothing is kept of it. */
  async store({ name, type = 'application/octet-stream', content, stream }: FileOptions): Promise<FileInfo> {
    const { redis, keys, keptMs, address } = this.options
    const id = randomBytes(15).toString('base64url')
    const expires = Date.now() + keptMs
    const key = keys.file(id)
    try {
      const size = await this.#write(key, name, stream ?? [content ?? ''])
      await redis.hset(key, { name, type, size })
      await redis.pexpireat(key, expires)
      const signature = await this.#sign(id, expires)
      const url = `${address}/${id}?expires=${expires}&signature=${signature}`
      return { type: 'file', name, contentType: type, size, url, expiresAt: new Date(expires).toISOString() }
    } catch (error) {
      await redis.unlink(key)
      throw error
    }
  }

  /** The file of a signed address; `undefined` when the signature is wrong, or the file is no longer kept. */
  async read(id: string, expires: number, signature: string): Promise<StoredFile | undefined> {
    const { redis, keys } = this.options
    const right = Buffer.from(await this.#sign(id, expires))
    const given = Buffer.from(signature)
    if (given.length !== right.length || !timingSafeEqual(given, right) || expires < Date.now()) return undefined
    const [name, type, size] = await redis.hmget(keys.file(id), 'name', 'type', 'size')
    if (typeof name !== 'string' || typeof type !== 'string') return undefined
    return { name, contentType: type, size: Number(size), content: this.#content(keys.file(id), Number(size)) }
  }

  async #write(key: string, name: string, parts: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>) {
    const { redis, keptMs, mostBytes } = this.options
    let size = 0
    let chunk = 0
    for await (const part of parts) {
      const bytes = Buffer.from(part)
      size += bytes.length
      if (size > mostBytes)
        throw new ActionError(`the file '${name}' is larger than ${mostBytes / 1e6} MB (MAX_FILE_MB)`)
      for (let at = 0; at < bytes.length; at += CHUNK_BYTES)
        await redis.hset(key, String(chunk++), bytes.subarray(at, at + CHUNK_BYTES))
      // A process that dies in the middle leaves nothing for ever.
      if (chunk > 0) await redis.pexpire(key, keptMs)
    }
    return size
  }

  async *#content(key: string, size: number): AsyncGenerator<Buffer> {
    let read = 0
    for (let chunk = 0; read < size; chunk++) {
      const bytes = await this.options.redis.hgetBuffer(key, String(chunk))
      if (!bytes) throw new Error('the file expired while it was read')
      read += bytes.length
      yield bytes
    }
  }

  async #sign(id: string, expires: number): Promise<string> {
    return createHmac('sha256', await this.#secret())
      .update(`${id} ${expires}`)
      .digest('base64url')
  }

  /** All processes of an installation share it. */
  async #secret(): Promise<string> {
    const { redis, keys } = this.options
    await redis.set(keys.fileSecret, randomBytes(32).toString('base64url'), 'NX')
    return (await redis.get(keys.fileSecret)) ?? ''
  }
}
