import { createHash, randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A key that secrets are encrypted under. */
export interface DataKey {
  /** Stands beside what was encrypted under it. */
  id: string
  /** 32 bytes. */
  key: Buffer
}

const KEY_BYTES = 32

/**
 * Reads DATA_KEY: `id:base64-of-32-bytes`, separated by commas. Throws a RangeError that says which entry is wrong, and quotes none: an
 * entry without an id may be the key itself.
 */
export function parseDataKeys(text: string): DataKey[] {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  const keys = entries.map((entry, at) => parseEntry(entry, `entry ${at + 1}`))
  const ids = new Set(keys.map(({ id }) => id))
  if (ids.size < keys.length) throw new RangeError('names one key id twice: give each key an id of its own')
  return keys
}

function parseEntry(entry: string, which: string): DataKey {
  const [, id, encoded] = /^([\w-]{1,32}):(.*)$/.exec(entry) ?? []
  if (id === undefined || encoded === undefined)
    throw new RangeError(`must hold id:key entries, with an id of 1 to 32 letters, digits, - and _; ${which} is none`)
  const key = Buffer.from(encoded, 'base64')
  const written = [key.toString('base64'), key.toString('base64').replaceAll('=', ''), key.toString('base64url')]
  if (key.length !== KEY_BYTES || !written.includes(encoded))
    throw new RangeError(
      `must hold base64 of ${KEY_BYTES} bytes after each id (openssl rand -base64 ${KEY_BYTES}); ${which} does not`,
    )
  return { id, key }
}

/**
 * The key of a development installation, in `dataDir/data-key`, readable by its owner alone; none when there is no such file, and it is
 * not to be made. Gateways and workers that start at once agree on one.
 */
export function developmentDataKeys(dataDir: string, make: boolean): DataKey[] {
  const file = join(dataDir, 'data-key')
  const kept = readIfThere(file)
  if (kept !== undefined || !make) return parseFile(kept ?? '', file)
  const key = randomBytes(KEY_BYTES)
  // Two installations have different keys: the id tells so.
  const id = `dev-${createHash('sha256').update(key).digest('hex').slice(0, 8)}`
  mkdirSync(dataDir, { recursive: true })
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    writeFileSync(draft, `${id}:${key.toString('base64')}\n`, { flag: 'wx', mode: 0o600 })
    // Whoever comes first gives it its name, when it is whole.
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
  return parseFile(readFileSync(file, 'utf8'), file)
}

function parseFile(text: string, file: string): DataKey[] {
  try {
    return parseDataKeys(text)
  } catch (error) {
    throw new RangeError(`${file} ${(error as Error).message}`)
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
