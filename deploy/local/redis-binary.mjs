import { constants } from 'node:fs'
import { access, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, symlink } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, dirname, join, relative, resolve } from 'node:path'
import { hasDebianTools, openDebianPackages } from './debian-packages.mjs'
import { lastUsefulLines, runCommand } from './run-command.mjs'
import { StartProblem, errorCode } from './start-problem.mjs'

/** @typedef {{ command: string, env: NodeJS.ProcessEnv }} RedisBinary a server program and what it needs to run */

const SERVER_NAMES = ['redis-server', 'valkey-server']
/** Debian keeps the server in the tools' package, as a program that looks at the name it was called by. */
const DEBIAN_PACKAGES = [
  { name: 'redis-tools', programs: ['redis-server', 'redis-check-rdb'], server: 'redis-server' },
  { name: 'valkey-tools', programs: ['valkey-server', 'valkey-check-rdb'], server: 'valkey-server' },
]
/** The oldest Redis that BullMQ supports without a warning. */
const OLDEST_VERSION = [6, 2]
/** A library may need further libraries; this many times they are looked for. */
const LIBRARY_LEVELS = 4
/** Work folders of downloads that were killed are removed after this time, in ms. */
const ABANDONED_AFTER = 3_600_000

/**
 * A Redis server program: from the PATH, from our cache, or fetched into the cache as a Debian package without installing
 * anything. Throws a StartProblem with the commands that would provide one when none of these works.
 *
 * @param {{ dataDir: string, signal?: AbortSignal | undefined, onFetch?: (() => void) | undefined }} options
 *   `dataDir`: holds the cache when the user's cache folder is not writable; `onFetch`: told before a download starts
 * @returns {Promise<RedisBinary>}
 */
export async function findRedisBinary({ dataDir, signal, onFetch }) {
  const installed = await findOnPath()
  if (installed) return installed

  const kind = await cacheKind()
  const cacheFolders = [userCacheFolder(), join(resolve(dataDir), 'cache')]
  for (const folder of cacheFolders) {
    const cached = await openCached(join(folder, kind))
    if (cached) return cached
  }

  if (!(await hasDebianTools())) throw noRedisProblem()
  onFetch?.()
  return fetchIntoCache(join(await firstWritable(cacheFolders), kind), signal)
}

async function findOnPath() {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)
  for (const name of SERVER_NAMES) {
    for (const folder of folders) {
      const binary = { command: join(folder, name), env: process.env }
      if (await isExecutable(binary.command)) if (await isUsable(binary)) return binary
    }
  }
  return undefined
}

/** @param {string} path */
const isExecutable = (path) =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  )

/**
 * Whether the program starts (which proves that all its libraries are there) and is not too old.
 *
 * @param {RedisBinary} binary
 */
async function isUsable({ command, env }) {
  const { code, output } = await runCommand(command, ['--version'], { env })
  const version = /v=(\d+)\.(\d+)/.exec(output)
  if (code !== 0 || !version) return false
  const [major, minor] = [Number(version[1]), Number(version[2])]
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_VERSION
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
}

function userCacheFolder() {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'flexaction')
}

/** The cached copy's name: a binary fits only the system release and the processor that it was fetched on. */
async function cacheKind() {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  /** @param {string} key */
  const field = (key) => new RegExp(`^${key}="?([\\w.-]+)`, 'm').exec(release)?.[1] ?? 'unknown'
  return `redis-${field('ID')}-${field('VERSION_ID')}-${process.arch}`
}

/**
 * @param {string} folder
 * @returns {Promise<RedisBinary | undefined>}
 */
async function openCached(folder) {
  for (const name of SERVER_NAMES) {
    const command = join(folder, 'bin', name)
    if (!(await isExecutable(command))) continue
    const libraries = (await libraryFolders(folder)).join(delimiter)
    const binary = { command, env: { ...process.env, LD_LIBRARY_PATH: libraries } }
    if (await isUsable(binary)) return binary
  }
  return undefined
}

/**
 * The folders below this one that hold shared libraries.
 *
 * @param {string} folder
 */
async function libraryFolders(folder) {
  const entries = await readdir(folder, { recursive: true })
  const libraries = entries.filter((entry) => /\.so(\.|$)/.test(entry))
  return [...new Set(libraries.map((entry) => join(folder, dirname(entry))))]
}

/** @param {string[]} folders */
async function firstWritable(folders) {
  for (const folder of folders) {
    try {
      await mkdir(folder, { recursive: true })
      await access(folder, constants.W_OK)
      return folder
    } catch {
      // The next one may do.
    }
  }
  throw new StartProblem(
    `Redis is to be fetched, but none of these folders is writable: ${folders.join(', ')}.`,
    'Name a writable one: XDG_CACHE_HOME=/some/folder npm start',
  )
}

/**
 * Fetches into a work folder and renames it into place when it is complete and runs, so that neither a download that was
 * cut off nor a second start at the same moment can leave a broken copy.
 *
 * @param {string} target
 * @param {AbortSignal | undefined} signal
 */
async function fetchIntoCache(target, signal) {
  await removeAbandoned(target)
  const work = await mkdtemp(`${target}.fetching-`)
  try {
    const packages = await openDebianPackages({ folder: work, signal })
    const failure = await unpackServer(packages)
    if (failure !== undefined) throw noRedisProblem(failure)
    await putInPlace(packages.files, target)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  const binary = await openCached(target)
  if (!binary) throw noRedisProblem(`The copy fetched into ${target} does not run on this system.`)
  return binary
}

/**
 * Unpacks the server and, level by level, the libraries it lacks, until it runs. Returns what went wrong, if it does not.
 *
 * @param {Awaited<ReturnType<typeof openDebianPackages>>} packages
 */
async function unpackServer(packages) {
  let failure = ''
  for (const { name, programs, server } of DEBIAN_PACKAGES) {
    const problem = await packages.unpack([name])
    if (problem !== undefined) {
      failure ||= problem
      continue
    }
    await linkServer(packages.files, programs, server)
    let wanted = [name]
    for (let level = 0; level < LIBRARY_LEVELS; level++) {
      if (await openCached(packages.files)) return undefined
      wanted = await packages.missingLibraries(wanted)
      if (wanted.length === 0) break
      failure = (await packages.unpack(wanted)) ?? failure
    }
    if (await openCached(packages.files)) return undefined
    failure ||= `The server program of the package ${name} does not run.`
  }
  return failure
}

/**
 * Makes `bin/<server>` lead to the first of these programs that the package brought.
 *
 * @param {string} files
 * @param {string[]} programs
 * @param {string} server
 */
async function linkServer(files, programs, server) {
  for (const program of programs) {
    const path = join(files, 'usr', 'bin', program)
    // A link to a program of another package is there by name only; `stat` follows it.
    if (!(await stat(path).catch(() => undefined))) continue
    await mkdir(join(files, 'bin'), { recursive: true })
    await symlink(relative(join(files, 'bin'), path), join(files, 'bin', server))
    return
  }
}

/**
 * @param {string} complete
 * @param {string} target
 */
async function putInPlace(complete, target) {
  // What stands there was found not to run, or another start has just finished the same work.
  if (!(await openCached(target))) await rm(target, { recursive: true, force: true })
  try {
    await rename(complete, target)
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error
  }
}

/** @param {string} target */
async function removeAbandoned(target) {
  const folder = dirname(target)
  for (const name of await readdir(folder)) {
    if (!name.includes('.fetching-')) continue
    const path = join(folder, name)
    const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now())
    if (age > ABANDONED_AFTER) await rm(path, { recursive: true, force: true })
  }
}

/** @param {string} [cause] output of the attempt to fetch one */
function noRedisProblem(cause) {
  const attempt = cause ? ` It could not be fetched as a package:\n${lastUsefulLines(cause, 6)}` : ''
  return new StartProblem(
    `No Redis found: neither redis-server nor valkey-server is on the PATH.${attempt}`,
    `Provide one in any of these ways, then start again:
  Debian, Ubuntu   sudo apt-get install redis-server
  Fedora, RHEL     sudo dnf install valkey
  Alpine           sudo apk add redis
  macOS            brew install redis
  Docker           docker run -d -p 127.0.0.1:6379:6379 redis:7 --appendonly yes --maxmemory-policy noeviction
                   and REDIS_URL=redis://127.0.0.1:6379 npm start
  elsewhere        REDIS_URL=redis://:password@host:6379 npm start`,
  )
}
