import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { inRepository, root } from './repository.mjs'
import { readEnvFile } from './env-file.mjs'
import { StartProblem } from './start-problem.mjs'

/**
 * @typedef {object} Settings what the launcher itself must know; everything else is read by the apps
 * @property {number} port
 * @property {string} host
 * @property {number} workers processes
 * @property {string} dataDir absolute
 * @property {string | undefined} redisUrl
 * @property {string | undefined} authTokens given, or the file that holds them
 * @property {boolean} production
 * @property {string} apiPrefix
 * @property {string[]} actionsDirs folders of the modules that workers load, absolute
 * @property {number} shutdownDeadline ms
 */

/** The environment that everything runs in: the real one, and below it what `.env` says. */
export function readEnvironment() {
  return { ...readEnvFile(inRepository('.env')), ...process.env }
}

/**
 * Reads the launcher's settings. Throws one StartProblem that names every value that is wrong.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Readonly<Settings>}
 */
export function readSettings(env) {
  /** @type {string[]} */
  const problems = []

  /** An empty value counts as absent. @param {string} name */
  const text = (name) => env[name]?.trim() || undefined

  /** @param {string} name @param {number} usual @param {number} least @param {number} most */
  const whole = (name, usual, least, most) => {
    const received = text(name)
    if (received === undefined) return usual
    const value = Number(received)
    if (Number.isInteger(value) && /^\d+$/.test(received) && value >= least && value <= most) return value
    problems.push(`${name} is "${received}", but must be a whole number from ${least} to ${most} (default ${usual}).`)
    return usual
  }

  /** @param {string} name @param {string} usual */
  const duration = (name, usual) => {
    const received = text(name) ?? usual
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(received)
    if (match) return Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1)
    problems.push(`${name} is "${received}", but must be a duration such as 500ms, 30s or 2m (default ${usual}).`)
    return 0
  }

  const actionsDirs = (text('ACTIONS_DIR') ?? SAMPLES).split(',').map((folder) => resolve(root, folder.trim()))
  const settings = Object.freeze({
    port: whole('PORT', 8080, 1, 65_535),
    host: text('HOST') ?? '127.0.0.1',
    workers: whole('WORKERS', 2, 1, 64),
    dataDir: resolve(root, text('DATA_DIR') ?? '.data'),
    redisUrl: text('REDIS_URL') ?? secretIn(text('REDIS_URL_FILE')),
    authTokens: text('AUTH_TOKENS') ?? text('AUTH_TOKENS_FILE'),
    production: text('NODE_ENV') === 'production',
    apiPrefix: text('API_PREFIX')?.replace(/\/+$/, '') ?? '/api',
    actionsDirs,
    shutdownDeadline: duration('SHUTDOWN_DEADLINE', '30s'),
  })
  // The apps say it of their own settings, with every other name that is nearly right.
  if (env.WORKER !== undefined) problems.push('WORKER is no setting (did you mean WORKERS?)')
  if (problems.length > 0) throw new StartProblem(problems.join('\n'), 'Correct this in the environment or in .env.')
  return settings
}

/** A secret that stands in a file. @param {string | undefined} file */
function secretIn(file) {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8').trim() || undefined
  } catch (error) {
    throw new StartProblem(`REDIS_URL_FILE cannot be read: ${String(error)}`, 'Name a file that can be read.')
  }
}

/** What is served when ACTIONS_DIR names nothing. */
const SAMPLES = 'samples/actions,samples/collections'

/** @type {Record<string, number>} ms */
const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
