import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StartProblem, errorCode, shortReason } from './start-problem.mjs'

/**
 * @typedef {object} ServerRecord what a later start must know to find a Redis that was left alive
 * @property {string} password
 * @property {number} [port] absent before the first start
 * @property {number} [pid]
 * @property {string} [identity] see processIdentity
 */

/** @param {string} folder */
const recordPath = (folder) => join(folder, 'server.json')

/**
 * Creates the folder when absent and reads its record; a folder without one gets a new password.
 *
 * @param {string} folder
 * @returns {Promise<ServerRecord>}
 */
export async function openRedisFolder(folder) {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return JSON.parse(await readFile(recordPath(folder), 'utf8'))
  } catch (error) {
    // Cut off while it was written: nothing of worth is in it.
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return { password: newPassword() }
    throw new StartProblem(
      `Redis's folder ${folder} cannot be used (${shortReason(error)}).`,
      'Make it writable, or name another: DATA_DIR=/some/folder npm start',
    )
  }
}

/** In base64url, which needs no quoting in a URL, in a Redis configuration, or in an inline command. */
const newPassword = () => randomBytes(32).toString('base64url')

/**
 * Keeps the record, readable by this user alone.
 *
 * @param {string} folder
 * @param {ServerRecord} record
 */
export async function saveServerRecord(folder, record) {
  const draft = `${recordPath(folder)}.draft`
  await writeFile(draft, JSON.stringify(record), { mode: 0o600 })
  await rename(draft, recordPath(folder))
}

/**
 * The server's configuration. It is given over stdin: in the arguments, everybody on this machine could read the password.
 *
 * @param {{ folder: string, port: number, password: string, appendOnly: boolean }} server
 */
export function serverConfig({ folder, port, password, appendOnly }) {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(folder)}`,
    `appendonly ${appendOnly ? 'yes' : 'no'}`,
    'appendfsync everysec',
    'save ""',
    // BullMQ's keys must never be dropped to make room.
    'maxmemory-policy noeviction',
    'daemonize no',
    '',
  ].join('\n')
}
