import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { root } from './repository.mjs'
import { sendSignal, signalGroup } from './signals.mjs'

/** Waits before a process that ended is started again, in ms: the first doubles up to the last. */
const FIRST_WAIT = 1_000
const LONGEST_WAIT = 30_000
/** A process that ran this long was in order; its next end begins again with the first wait. */
const IN_ORDER_AFTER = 60_000

/**
 * @typedef {object} ProcessOptions
 * @property {string} name
 * @property {string} main the program's module
 * @property {NodeJS.ProcessEnv} env
 * @property {(name: string, line: string) => void} onLine told each line of its output
 * @property {(name: string, how: string, wait: number) => void} onUnexpectedExit told before it is started again in `wait` ms
 * @property {() => void} onPidChange
 */

/** As deploy/image/entrypoint.sh has it: a larger space for short-lived objects costs 30 MB and makes nothing faster. */
const NODE_FLAGS = ['--max-semi-space-size=8']

/**
 * A Node program that is started again when it ends by itself, in its own process group, so that a terminal's Ctrl-C
 * reaches it only through us, in order.
 */
export class SupervisedProcess {
  #options
  /** @type {{ pid: number | undefined, startedAt: number, gone: Promise<void> } | undefined} */
  #running
  /** @type {NodeJS.Timeout | undefined} */
  #restart
  #failures = 0
  #wanted = false

  /** @param {ProcessOptions} options */
  constructor(options) {
    this.#options = options
  }

  get name() {
    return this.#options.name
  }

  get pid() {
    return this.#running?.pid
  }

  start() {
    this.#wanted = true
    if (!this.#running) this.#spawn()
  }

  /**
   * Asks it to end, and ends it and all that it started when `deadline` ms have passed. Returns when it is gone.
   *
   * @param {number} deadline
   */
  async stop(deadline) {
    this.#wanted = false
    clearTimeout(this.#restart)
    const life = this.#running
    if (!life) return
    sendSignal(life.pid, 'SIGTERM')
    const force = setTimeout(() => this.kill(), deadline)
    await life.gone
    clearTimeout(force)
  }

  /** Ends it and all that it started at once. */
  kill() {
    signalGroup(this.pid, 'SIGKILL')
  }

  #spawn() {
    const { main, env, name, onLine, onPidChange } = this.#options
    const child = spawn(process.execPath, [...NODE_FLAGS, main], {
      cwd: root,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const input of [child.stdout, child.stderr])
      createInterface({ input }).on('line', (line) => onLine(name, line))
    const gone = new Promise((/** @type {(value: void) => void} */ resolve) => {
      child.once('error', (error) => onLine(name, String(error)))
      child.once('close', (code, signal) => {
        signalGroup(child.pid, 'SIGKILL')
        this.#ended(signal ? `was ended by ${signal}` : `ended with exit code ${code}`)
        resolve()
      })
    })
    this.#running = { pid: child.pid, startedAt: Date.now(), gone }
    onPidChange()
  }

  /** @param {string} how */
  #ended(how) {
    const { name, onUnexpectedExit, onPidChange } = this.#options
    const lived = Date.now() - (this.#running?.startedAt ?? 0)
    this.#running = undefined
    onPidChange()
    if (!this.#wanted) return
    this.#failures = lived > IN_ORDER_AFTER ? 1 : this.#failures + 1
    const wait = Math.min(FIRST_WAIT * 2 ** (this.#failures - 1), LONGEST_WAIT)
    this.#restart = setTimeout(() => this.#spawn(), wait)
    onUnexpectedExit(name, how, wait)
  }
}
