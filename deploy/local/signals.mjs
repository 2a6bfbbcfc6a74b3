import { errorCode } from './start-problem.mjs'

/**
 * Sends a signal to a process; one that is gone, or none, is fine.
 *
 * @param {number | undefined} pid
 * @param {NodeJS.Signals} signal
 */
export function sendSignal(pid, signal) {
  if (pid === undefined) return
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error
  }
}

/**
 * Sends a signal to every process of a group; a group that is gone, or none, is fine.
 *
 * @param {number | undefined} leader pid of the group's first process
 * @param {NodeJS.Signals} signal
 */
export function signalGroup(leader, signal) {
  if (leader !== undefined) sendSignal(-leader, signal)
}
