import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { isStillRunning, processIdentity } from './process-identity.mjs'
import { errorCode } from './start-problem.mjs'

/**
 * @typedef {object} LockHolder what stands in a lock file
 * @property {number} pid
 * @property {string | undefined} identity see processIdentity
 * @property {string} nonce
 * @property {{ name: string, pid: number, identity: string | undefined }[]} children processes that must not outlive it
 */

/** A takeover takes milliseconds; one this old was cut off. */
const TAKEOVER_ABANDONED_AFTER = 10_000

/**
 * A lock between processes: a file that names its holder by pid and start time, so that a holder that was killed does not
 * keep it. Returns the live holder when there is one. A lock taken over from a dead holder has that one's `leftovers`.
 *
 * @param {string} path
 * @returns {Promise<{ lock: FileLock, heldBy?: undefined } | { lock?: undefined, heldBy: LockHolder }>}
 */
export async function tryLock(path) {
  const own = { pid: process.pid, identity: processIdentity(process.pid), nonce: randomUUID(), children: [] }
  const draft = `${path}.${own.nonce}`
  await writeFile(draft, JSON.stringify(own), { mode: 0o600 })
  try {
    for (;;) {
      // A link, so that nobody ever reads a lock that is half written.
      if (await linked(draft, path)) return { lock: new FileLock(path, own, []) }
      const holder = await readHolder(path)
      if (holder && isStillRunning(holder)) return { heldBy: holder }
      if (await takeOver(path, draft)) return { lock: new FileLock(path, own, holder?.children ?? []) }
      await delay(10)
    }
  } finally {
    await rm(draft, { force: true })
  }
}

/**
 * Of several that find the same dead holder, one enters here; it looks again, for another may have been before it.
 *
 * @param {string} path
 * @param {string} draft
 */
async function takeOver(path, draft) {
  const gate = `${path}.takeover`
  if (!(await linked(draft, gate))) {
    const since = (await stat(gate).catch(() => undefined))?.ctimeMs
    if (since !== undefined && Date.now() - since > TAKEOVER_ABANDONED_AFTER) await rm(gate, { force: true })
    return false
  }
  try {
    const holder = await readHolder(path)
    // Without a file there is nothing to remove here, and a moment later it might be a living one's.
    if (!holder || isStillRunning(holder)) return false
    await rm(path, { force: true })
    return await linked(draft, path)
  } finally {
    await rm(gate, { force: true })
  }
}

/** @param {string} from @param {string} to */
async function linked(from, to) {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

/**
 * Who holds the lock; `undefined` when there is no file. One that is not readable as a lock counts as a dead holder's.
 *
 * @param {string} path
 * @returns {Promise<LockHolder | undefined>}
 */
async function readHolder(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    if (error instanceof SyntaxError) return { pid: 0, identity: undefined, nonce: '', children: [] }
    throw error
  }
}

/** A lock that this process holds. */
export class FileLock {
  #path
  #own

  /**
   * @param {string} path
   * @param {LockHolder} own
   * @param {LockHolder['children']} leftovers children that the dead holder before had recorded
   */
  constructor(path, own, leftovers) {
    this.#path = path
    this.#own = own
    this.leftovers = leftovers
  }

  /**
   * Records the processes that the next holder is to end if this one is killed.
   *
   * @param {{ name: string, pid: number }[]} children
   */
  async recordChildren(children) {
    this.#own.children = children.map((child) => ({ ...child, identity: processIdentity(child.pid) }))
    const draft = `${this.#path}.${this.#own.nonce}`
    await writeFile(draft, JSON.stringify(this.#own), { mode: 0o600 })
    await rename(draft, this.#path)
  }

  async release() {
    if ((await readHolder(this.#path))?.nonce === this.#own.nonce) await rm(this.#path, { force: true })
  }
}
