import { inRepository } from './repository.mjs'
import { SupervisedProcess } from './supervised-process.mjs'

/**
 * @typedef {object} AppOptions
 * @property {number} workers
 * @property {NodeJS.ProcessEnv} env
 * @property {number} stopDeadline ms that a process may take to end when asked
 * @property {(name: string, line: string) => void} onLine
 * @property {(name: string, how: string, wait: number) => void} onUnexpectedExit
 * @property {(children: { name: string, pid: number }[]) => void} onPidsChange
 */

/** Handlers could read them in a worker, which needs none. */
const GATEWAY_SECRETS = new Set(['AUTH_TOKENS', 'AUTH_TOKENS_FILE', 'OIDC_CLIENT_SECRET', 'OIDC_CLIENT_SECRET_FILE'])

/** @param {NodeJS.ProcessEnv} env */
function withoutGatewaySecrets(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !GATEWAY_SECRETS.has(name)))
}

/** One gateway and its workers, as processes. */
export class RunningApp {
  #options
  #gateway
  /** @type {SupervisedProcess[]} */
  #workers = []
  /** Workers that were replaced and finish what they have. @type {Set<SupervisedProcess>} */
  #retiring = new Set()
  #stopping = false

  /** @param {AppOptions} options */
  constructor(options) {
    this.#options = options
    this.#gateway = this.#process('gateway', 'gateway')
  }

  start() {
    this.#gateway.start()
    this.#startWorkers()
  }

  /** Stops the gateway, then starts it again: two cannot hold the port. */
  async restartGateway() {
    await this.#gateway.stop(this.#options.stopDeadline)
    if (!this.#stopping) this.#gateway.start()
  }

  /** Starts new workers, and lets the old ones end what they have begun. */
  rollWorkers() {
    if (this.#stopping) return
    const old = this.#workers
    this.#startWorkers()
    for (const worker of old) {
      this.#retiring.add(worker)
      void worker.stop(this.#options.stopDeadline).then(() => this.#retiring.delete(worker))
    }
  }

  /** Asks every process to end and returns when all are gone. */
  async stop() {
    this.#stopping = true
    await Promise.all(this.#all().map((process) => process.stop(this.#options.stopDeadline)))
  }

  /** Ends every process at once. */
  kill() {
    for (const process of this.#all()) process.kill()
  }

  #startWorkers() {
    const names = Array.from({ length: this.#options.workers }, (_, index) => `worker-${index + 1}`)
    this.#workers = names.map((name) => this.#process(name, 'worker'))
    for (const worker of this.#workers) worker.start()
  }

  /** @param {string} name @param {'gateway' | 'worker'} app */
  #process(name, app) {
    const { env, onLine, onUnexpectedExit, onPidsChange } = this.#options
    const main = inRepository('apps', app, 'dist', 'main.js')
    const onPidChange = () =>
      onPidsChange(
        this.#all().flatMap((child) => (child.pid === undefined ? [] : [{ name: child.name, pid: child.pid }])),
      )
    const given = app === 'gateway' ? env : withoutGatewaySecrets(env)
    return new SupervisedProcess({ name, main, env: given, onLine, onUnexpectedExit, onPidChange })
  }

  #all() {
    return [this.#gateway, ...this.#workers, ...this.#retiring]
  }
}
