import { spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { isStillRunning, processIdentity } from './process-identity.mjs'

/**
 * @typedef {object} RedisProcess one life of a server
 * @property {number} pid
 * @property {string | undefined} identity
 * @property {Promise<void>} gone settles when the process has ended
 * @property {() => string} lastLines of its log, each indented
 */

const LAST_LINES = 10
/** Between two looks whether a process that is not our child still runs, in ms. */
const ADOPTED_POLL = 100

/**
 * Starts a server in its own process group, so that a terminal's Ctrl-C reaches it through us, in order.
 *
 * @param {import('./redis-binary.mjs').RedisBinary} binary
 * @param {string} config
 * @returns {Promise<RedisProcess>}
 */
export async function launchRedis(binary, config) {
  /** @type {string[]} */
  let log = []
  const child = spawn(binary.command, ['-'], { env: binary.env, detached: true, stdio: 'pipe' })
  await new Promise((resolve, reject) => child.once('spawn', () => resolve(undefined)).once('error', reject))
  // One that ends before it has read its configuration breaks this pipe; its exit says more.
  child.stdin.on('error', () => {})
  child.stdin.end(config)
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      log = [...log, ...String(text).trimEnd().split('\n')].slice(-LAST_LINES)
    })
  }
  const pid = Number(child.pid)
  return {
    pid,
    identity: processIdentity(pid),
    gone: new Promise((resolve) => child.once('close', () => resolve())),
    lastLines: () => log.map((line) => `  ${line}`).join('\n'),
  }
}

/**
 * A server that an earlier start left alive.
 *
 * @param {number} pid
 * @returns {RedisProcess}
 */
export function adoptRedis(pid) {
  const identity = processIdentity(pid)
  const untilGone = async () => {
    while (isStillRunning({ pid, identity })) await delay(ADOPTED_POLL)
  }
  return { pid, identity, gone: untilGone(), lastLines: () => '  (its log went to the start that began it)' }
}
