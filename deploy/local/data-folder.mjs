import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { tryLock } from './file-lock.mjs'
import { isStillRunning } from './process-identity.mjs'
import { sendSignal, signalGroup } from './signals.mjs'
import { StartProblem, shortReason } from './start-problem.mjs'

/** How long processes of a start that was killed may take to end, in ms. */
const LEFTOVER_GRACE = 5_000

/**
 * Creates the data folder when absent and holds it for this process alone. Throws a StartProblem when it is not writable
 * or another start holds it.
 *
 * @param {string} dataDir
 */
export async function holdDataFolder(dataDir) {
  try {
    await mkdir(dataDir, { recursive: true })
    const { lock, heldBy } = await tryLock(join(dataDir, 'start.lock'))
    if (lock) return lock
    throw new StartProblem(
      `FlexAction already runs on ${dataDir} (pid ${heldBy.pid}).`,
      `Stop that one (kill ${heldBy.pid}), or run a second one beside it: DATA_DIR=.data2 PORT=8081 npm start`,
    )
  } catch (error) {
    if (error instanceof StartProblem) throw error
    throw new StartProblem(
      `The data folder ${dataDir} cannot be used (${shortReason(error)}).`,
      'Make it a folder that this user may write to, or name another: DATA_DIR=/some/folder npm start',
    )
  }
}

/**
 * Ends the processes of a start that was killed and could not do it itself.
 *
 * @param {import('./file-lock.mjs').LockHolder['children']} leftovers
 */
export async function endLeftovers(leftovers) {
  const alive = leftovers.filter(isStillRunning)
  for (const { pid } of alive) sendSignal(pid, 'SIGTERM')
  const giveUp = Date.now() + LEFTOVER_GRACE
  while (alive.some(isStillRunning) && Date.now() < giveUp) await delay(50)
  for (const child of alive.filter(isStillRunning)) signalGroup(child.pid, 'SIGKILL')
}

/**
 * The token for development: made once, kept in the data folder, readable by this user alone.
 *
 * @param {string} dataDir
 */
export async function developmentToken(dataDir) {
  const path = join(dataDir, 'token')
  const kept = (await readFile(path, 'utf8').catch(() => '')).trim()
  if (kept) return kept
  const token = randomBytes(32).toString('base64url')
  await writeFile(path, `${token}\n`, { mode: 0o600 })
  return token
}
