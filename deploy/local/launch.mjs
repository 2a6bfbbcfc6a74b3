import { setTimeout as delay } from 'node:timers/promises'
import { developmentToken, endLeftovers, holdDataFolder } from './data-folder.mjs'
import { startEmbeddedRedis } from './embedded-redis.mjs'
import { formatLogLine } from './log-lines.mjs'
import { requireFreePort } from './port-check.mjs'
import { Progress } from './progress.mjs'
import { untilReady } from './readiness.mjs'
import { reloadOnChange } from './reload.mjs'
import { RunningApp } from './running-app.mjs'
import { readEnvironment, readSettings } from './settings.mjs'
import { StartProblem, describeProblem } from './start-problem.mjs'
import { StopRequest, onStopSignal } from './stop-signal.mjs'
import { prepareToolchain } from './toolchain.mjs'
import { reachableHost, welcome } from './welcome.mjs'

/** What a process may take beyond its own deadline to end, in ms. */
const STOP_MARGIN = 5_000
/** Waits before a Redis that ended is started again, in ms: the first doubles up to the last. */
const FIRST_REVIVAL = 500
const LONGEST_REVIVAL = 30_000

/**
 * @typedef {object} Launch what the steps of one launch share
 * @property {Progress} progress
 * @property {AbortController} ending aborted when all is to stop: by a person, or with the problem that prevents the start
 * @property {AbortSignal} atOnce aborted when a person will not wait any longer
 * @property {(name: string, line: string) => void} print a line of a process's output
 * @property {(text: string) => void} warn a line of our own
 * @property {(release: () => Promise<void>) => void} onEnd what undoes a step; done in reverse order
 */

/**
 * Brings everything up, keeps it running until it is told to stop, and takes it down in reverse order. Returns the exit
 * code: 0 after Ctrl-C, 1 when it could not start.
 *
 * @param {string[]} args `--watch`: replace what runs whenever the code changes
 */
export async function launch(args) {
  const progress = new Progress()
  const ending = new AbortController()
  const atOnce = new AbortController()
  onStopSignal(
    (request) => ending.abort(request),
    () => atOnce.abort(),
  )
  /** @type {(() => Promise<void>)[]} */
  const releases = []
  const print = (/** @type {string} */ name, /** @type {string} */ line) => {
    // After a failed start, only the lines that led to it matter.
    if (!(ending.signal.reason instanceof StartProblem)) progress.print(formatLogLine(name, line, useColour))
  }
  const warn = (/** @type {string} */ msg) => print('launcher', JSON.stringify({ level: 40, time: Date.now(), msg }))
  try {
    const watch = readArguments(args)
    const onEnd = (/** @type {() => Promise<void>} */ release) => void releases.push(release)
    await bringUp({ progress, ending, atOnce: atOnce.signal, print, warn, onEnd }, watch)
    await aborted(ending.signal)
  } catch (error) {
    if (!ending.signal.aborted) ending.abort(error)
  }
  if (releases.length > 0) progress.step('Stopping')
  for (const release of releases.reverse()) await release()
  progress.done()
  if (ending.signal.reason instanceof StopRequest) return 0
  process.stderr.write(`${describeProblem(ending.signal.reason)}\n`)
  return 1
}

const useColour = Boolean(process.stdout.isTTY) && !process.env['NO_COLOR']

/** @param {string[]} args */
function readArguments(args) {
  const unknown = args.find((argument) => argument !== '--watch')
  if (unknown === undefined) return args.length > 0
  throw new StartProblem(
    `The argument "${unknown}" is not known.`,
    'Settings are given in the environment: PORT=8081 npm start',
  )
}

/** @param {Launch} launch @param {boolean} watch */
async function bringUp(launch, watch) {
  const { progress, ending, onEnd } = launch
  const { signal } = ending
  const environment = readEnvironment()
  const settings = readSettings(environment)
  const { dataDir } = settings

  const lock = await holdDataFolder(dataDir)
  onEnd(() => lock.release())
  if (lock.leftovers.length > 0) {
    progress.step('Ending what an earlier start left behind')
    await endLeftovers(lock.leftovers)
  }
  await requireFreePort(settings)
  await prepareToolchain({ progress, signal })

  const redisUrl = settings.redisUrl ?? (await runRedis(launch, dataDir))
  const token = settings.authTokens || settings.production ? undefined : await developmentToken(dataDir)

  progress.step(`Starting the gateway and ${settings.workers} workers`)
  const env = {
    ...environment,
    PORT: String(settings.port),
    HOST: settings.host,
    DATA_DIR: dataDir,
    ACTIONS_DIR: settings.actionsDirs.join(','),
    REDIS_URL: redisUrl,
    REDIS_URL_FILE: '',
    ...(token && { AUTH_TOKENS: `developer:admin:${token}` }),
  }
  const { app, started } = runApp(launch, { settings, env, lock })
  await untilReady(`http://${reachableHost(settings.host, '127.0.0.1')}:${settings.port}/readyz`, signal)
  started()
  progress.done()
  progress.print(welcome(settings, token))
  if (watch) onEnd(await reloadOnChange({ app, actionsDirs: settings.actionsDirs, progress, signal }))
}

/**
 * Starts the embedded Redis, and starts it again whenever it ends by itself. Returns its URL.
 *
 * @param {Launch} launch
 * @param {string} dataDir
 */
async function runRedis({ progress, ending: { signal }, warn, onEnd }, dataDir) {
  progress.step('Starting Redis')
  let revival = Promise.resolve()
  const revive = async () => {
    for (let wait = FIRST_REVIVAL; !signal.aborted; wait = Math.min(wait * 2, LONGEST_REVIVAL)) {
      await delay(wait, undefined, { signal }).catch(() => {})
      try {
        if (!signal.aborted) return await redis.restart()
      } catch (error) {
        if (!signal.aborted) warn(describeProblem(error))
      }
    }
  }
  const redis = await startEmbeddedRedis({
    dataDir,
    signal,
    onProgress: (doing) => progress.step(doing),
    onUnexpectedExit: (lastLines) => {
      warn(`Redis ended by itself and is started again. Its last lines:\n${lastLines}`)
      revival = revive()
    },
  })
  onEnd(async () => {
    await revival
    await redis.stop()
  })
  return redis.url
}

/**
 * Starts the gateway and the workers. Until `started` is called, one that ends by itself ends the launch.
 *
 * @param {Launch} launch
 * @param {{ settings: import('./settings.mjs').Settings, env: NodeJS.ProcessEnv, lock: import('./file-lock.mjs').FileLock }} options
 */
function runApp({ ending, atOnce, print, warn, onEnd }, { settings, env, lock }) {
  let starting = true
  let recorded = Promise.resolve()
  const app = new RunningApp({
    workers: settings.workers,
    env,
    stopDeadline: settings.shutdownDeadline + STOP_MARGIN,
    onLine: print,
    onPidsChange: (children) => {
      recorded = recorded.then(() => lock.recordChildren(children)).catch((error) => warn(String(error)))
    },
    onUnexpectedExit: (name, how, wait) => {
      if (starting) ending.abort(failedStart(name, how))
      else warn(`${name} ${how} and is started again in ${wait / 1000} s`)
    },
  })
  onEnd(async () => {
    if (ending.signal.reason instanceof StartProblem) app.kill()
    atOnce.addEventListener('abort', () => app.kill())
    await app.stop()
    await recorded
  })
  app.start()
  return { app, started: () => void (starting = false) }
}

/** @param {string} name @param {string} how */
const failedStart = (name, how) =>
  new StartProblem(
    `${name} ${how} while it started; its last lines are above.`,
    'Mend what they name, then start again.',
  )

/** @param {AbortSignal} signal */
const aborted = (signal) =>
  new Promise((/** @type {(value: void) => void} */ resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
