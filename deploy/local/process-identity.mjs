import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * A text that names one life of one process: its start time (and on Linux the machine's boot), so that a reused pid is
 * not taken for the process that had it before. `undefined` when no such process runs.
 *
 * @param {number} pid
 * @returns {string | undefined}
 */
export function processIdentity(pid) {
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim()
    }
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return undefined
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`
  } catch {
    return undefined
  }
}

/**
 * Whether the process recorded with this identity still runs.
 *
 * @param {{ pid: number, identity: string | undefined }} recorded
 */
export function isStillRunning({ pid, identity }) {
  return identity !== undefined && processIdentity(pid) === identity
}
