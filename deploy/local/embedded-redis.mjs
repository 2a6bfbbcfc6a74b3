import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { chooseFreePort, portObstacle } from './free-port.mjs'
import { isStillRunning } from './process-identity.mjs'
import { findRedisBinary } from './redis-binary.mjs'
import { askRedis, redisState } from './redis-command.mjs'
import { openRedisFolder, saveServerRecord, serverConfig } from './redis-folder.mjs'
import { adoptRedis, launchRedis } from './redis-process.mjs'
import { sendSignal } from './signals.mjs'
import { StartProblem } from './start-problem.mjs'

/** Between two looks at a Redis that starts, in ms. */
const POLL = 20
/** How long a starting Redis may stay without any answer, in ms; loading its data counts as an answer. */
const ANSWER_DEADLINE = 30_000
/** How long Redis may take to save and end, in ms. */
const STOP_DEADLINE = 10_000
/** Another program may take the chosen port just before Redis does; then another port is tried, this many times. */
const PORT_TRIES = 3

/** @type {typeof import('./embedded-redis.d.mts').startEmbeddedRedis} */
export async function startEmbeddedRedis(options) {
  const folder = join(resolve(options.dataDir), 'redis')
  const record = await openRedisFolder(folder)
  const redis = new PrivateRedis(folder, record, options)
  if (!(await redis.takeOverLeftover())) await redis.startOnFreePort()
  return redis
}

/** @implements {import('./embedded-redis.d.mts').EmbeddedRedis} */
class PrivateRedis {
  #folder
  #record
  #options
  /** @type {import('./redis-process.mjs').RedisProcess | undefined} the server that runs now */
  #running
  /** @type {import('./redis-binary.mjs').RedisBinary | undefined} */
  #binary
  /** Of the log of the server that ended last. */
  #lastLines = ''
  #exitExpected = false

  /**
   * @param {string} folder
   * @param {import('./redis-folder.mjs').ServerRecord} record
   * @param {import('./embedded-redis.d.mts').EmbeddedRedisOptions} options
   */
  constructor(folder, record, options) {
    this.#folder = folder
    this.#record = record
    this.#options = options
  }

  get port() {
    return this.#record.port ?? 0
  }

  get url() {
    return `redis://:${this.#record.password}@127.0.0.1:${this.port}`
  }

  get pid() {
    return this.#running?.pid
  }

  stop() {
    return this.#end('SIGTERM')
  }

  kill() {
    return this.#end('SIGKILL')
  }

  async restart() {
    await this.stop()
    await this.#start()
  }

  /** Two servers on one folder would both write to it, so one that lives is used. Returns whether there was one. */
  async takeOverLeftover() {
    const { port, pid, identity, password } = this.#record
    if (port === undefined) return false
    const giveUp = Date.now() + STOP_DEADLINE
    for (;;) {
      const state = await redisState({ port, password })
      if (state === 'ready' || state === 'loading') break
      // It may be about to listen, or about to end.
      if (pid === undefined || !isStillRunning({ pid, identity })) return false
      if (Date.now() > giveUp) throw this.#problem(`the one of an earlier start (pid ${pid}) does not answer`)
      await delay(POLL)
    }
    const answer = await askRedis({ port, password }, ['INFO server'])
    this.#watch(adoptRedis(Number(/^process_id:(\d+)/m.exec(answer)?.[1])))
    await this.#untilReady()
    this.#exitExpected = false
    return true
  }

  async startOnFreePort() {
    for (let tries = 1; ; tries++) {
      this.#record.port = this.#options.port ?? (await this.#usualPort())
      try {
        return await this.#start()
      } catch (error) {
        const taken = error instanceof StartProblem && error.message.includes('Address already in use')
        if (!taken || this.#options.port !== undefined || tries === PORT_TRIES) throw error
      }
    }
  }

  /** The port of the last time keeps its URL valid for processes that still use it. */
  async #usualPort() {
    const { port } = this.#record
    return port !== undefined && (await portObstacle(port)) === undefined ? port : chooseFreePort()
  }

  async #start() {
    const { signal, onProgress, dataDir, appendOnly = true } = this.#options
    this.#exitExpected = true
    this.#binary ??= await findRedisBinary({ dataDir, signal, onFetch: () => onProgress?.('Fetching Redis') })
    const { password } = this.#record
    await this.#remember({ password, port: this.port })
    const config = serverConfig({ folder: this.#folder, port: this.port, password, appendOnly })
    try {
      const { pid, identity } = this.#watch(await launchRedis(this.#binary, config))
      await this.#remember({ password, port: this.port, pid, ...(identity && { identity }) })
      await this.#untilReady()
    } catch (error) {
      await this.kill()
      throw error
    }
    this.#exitExpected = false
  }

  /** @param {import('./redis-folder.mjs').ServerRecord} record */
  async #remember(record) {
    this.#record = record
    await saveServerRecord(this.#folder, record)
  }

  /** @param {import('./redis-process.mjs').RedisProcess} server */
  #watch(server) {
    this.#running = server
    void server.gone.then(() => {
      if (this.#running !== server) return
      this.#running = undefined
      this.#lastLines = server.lastLines()
      if (!this.#exitExpected) this.#options.onUnexpectedExit?.(this.#lastLines)
    })
    return server
  }

  async #untilReady() {
    const { signal, onProgress } = this.#options
    let giveUp = Date.now() + ANSWER_DEADLINE
    for (;;) {
      signal?.throwIfAborted()
      if (!this.#running) throw this.#problem('it ended by itself')
      const state = await redisState({ port: this.port, password: this.#record.password })
      if (state === 'ready' && this.#running) return
      if (state === 'loading') {
        onProgress?.('Redis is loading its data')
        giveUp = Date.now() + ANSWER_DEADLINE
      }
      if (Date.now() > giveUp) throw this.#problem(`no answer within ${ANSWER_DEADLINE / 1000} s`)
      await delay(POLL)
    }
  }

  /** @param {'SIGTERM' | 'SIGKILL'} signal */
  async #end(signal) {
    this.#exitExpected = true
    const server = this.#running
    if (!server) return
    sendSignal(server.pid, signal)
    const force = setTimeout(() => sendSignal(server.pid, 'SIGKILL'), STOP_DEADLINE)
    await server.gone
    clearTimeout(force)
  }

  /** @param {string} what */
  #problem(what) {
    const log = this.#running?.lastLines() ?? this.#lastLines
    return new StartProblem(
      `The embedded Redis did not start: ${what}.${log && ` Its last lines:\n${log}`}`,
      this.#remedy(log),
    )
  }

  /** @param {string} log */
  #remedy(log) {
    const { pid } = this.#record
    if (!log && pid !== undefined) return `End it, then start again: kill -9 ${pid}`
    if (/Bad file format|Unexpected end of file|handle RDB format|Fatal error loading|incr file/i.test(log)) {
      return `Its file is damaged or of a newer Redis. Keep a copy of ${this.#folder}, mend it with redis-check-aof --fix, or begin empty: mv ${this.#folder} ${this.#folder}.broken`
    }
    return `Its files are in ${this.#folder}. A Redis of your own can be used instead: REDIS_URL=redis://host:6379 npm start`
  }
}
