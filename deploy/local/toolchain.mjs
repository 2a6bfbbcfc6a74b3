import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { tryLock } from './file-lock.mjs'
import { inRepository, readManifest, root } from './repository.mjs'
import { lastUsefulLines, runCommand } from './run-command.mjs'
import { removeStaleOutputs } from './stale-outputs.mjs'
import { StartProblem, shortReason } from './start-problem.mjs'

/** @typedef {{ progress: import('./progress.mjs').Progress, signal?: AbortSignal | undefined }} ToolchainOptions */

const modules = inRepository('node_modules')
const installMark = inRepository('node_modules', '.flexaction-install')

/**
 * Installs the packages that are missing and builds what changed; quick when there is nothing to do. Of several starts at
 * once, one works and the others wait for it. Throws a StartProblem when installing or compiling fails.
 *
 * @param {ToolchainOptions} options
 */
export async function prepareToolchain(options) {
  const lock = await lockToolchain(options)
  try {
    await installPackages(options)
    await build(options)
  } finally {
    await lock.release()
  }
}

/** @param {ToolchainOptions} options */
async function lockToolchain({ progress, signal }) {
  try {
    await mkdir(modules, { recursive: true })
    for (;;) {
      const { lock, heldBy } = await tryLock(inRepository('node_modules', '.flexaction-toolchain.lock'))
      if (lock) return lock
      progress.step(`Waiting for another start to install and build (pid ${heldBy.pid})`)
      await delay(100, undefined, { signal })
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw new StartProblem(
      `The folder ${modules} is not writable (${shortReason(error)}).`,
      'Packages are installed there: make it writable for the user that starts this, or start as the user who owns it.',
    )
  }
}

/** @param {ToolchainOptions} options */
async function installPackages({ progress, signal }) {
  const wanted = await hashInstallInputs()
  if ((await readFile(installMark, 'utf8').catch(() => '')) === wanted) return
  progress.step('Installing packages')
  const { command, args } = await packageManager(signal)
  // Development packages are needed to build, also where NODE_ENV=production is set; nobody is there to answer questions.
  const install = ['install', '--frozen-lockfile', '--prod=false', '--config.confirmModulesPurge=false']
  // The benches bring what they compare with: nearly half of all packages.
  install.push('--filter', '!@flexaction/bench')
  const { code, output } = await runCommand(command, [...args, ...install], { cwd: root, signal })
  if (code !== 0) throw installProblem(output, [command, ...args].join(' '))
  await writeFile(installMark, wanted)
}

/** The installed packages fit while these files, the system and Node's binary interface are the same. */
async function hashInstallInputs() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${process.versions.modules}`)
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', 'test/package.json', 'samples/package.json']
  for (const group of ['apps', 'packages']) {
    for (const name of (await readdir(inRepository(group))).sort()) files.push(`${group}/${name}/package.json`)
  }
  for (const file of files) hash.update(`\0${file}\0`).update(await readFile(inRepository(file)).catch(() => ''))
  return hash.digest('hex')
}

/**
 * pnpm in the version that package.json pins: the one on the PATH if it is that one, else by npx.
 *
 * @param {AbortSignal | undefined} signal
 */
async function packageManager(signal) {
  const pinned = (readManifest().packageManager.split('+')[0] ?? '').trim()
  const env = { ...process.env, COREPACK_ENABLE_DOWNLOAD_PROMPT: '0' }
  const installed = await runCommand('pnpm', ['--version'], { cwd: root, env, signal })
  if (installed.code === 0 && `pnpm@${installed.output.trim()}` === pinned) return { command: 'pnpm', args: [] }
  return { command: 'npx', args: ['--yes', pinned] }
}

/** @param {string} output @param {string} pnpm */
function installProblem(output, pnpm) {
  const lines = lastUsefulLines(output)
  const message = `Installing the packages failed. The last lines of ${pnpm}:\n${lines || '  (none)'}`
  if (output.includes('ERR_PNPM_OUTDATED_LOCKFILE')) {
    return new StartProblem(message, `A package.json was changed without its lock file. Update it: ${pnpm} install`)
  }
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_PNPM_META_FETCH_FAIL|ERR_SOCKET/.test(output)) {
    return new StartProblem(
      message,
      'The package registry was not reached. Check the network (and HTTPS_PROXY or the registry in .npmrc, if used), then start again.',
    )
  }
  if (/EACCES|EROFS|EPERM/.test(output)) {
    return new StartProblem(message, `A folder is not writable for this user. Start as the user who owns ${root}.`)
  }
  if (output.includes('ENOSPC'))
    return new StartProblem(message, 'The disk is full. Free some space, then start again.')
  return new StartProblem(message, `To see all of it: ${pnpm} install --frozen-lockfile`)
}

/**
 * Builds everything, in order. New build steps belong here.
 *
 * @param {ToolchainOptions} options
 */
export async function build({ progress, signal }) {
  progress.step('Building')
  await removeStaleOutputs()
  const { code, output } = await runCommand(inRepository('node_modules', '.bin', 'tsc'), ['-b'], { cwd: root, signal })
  if (code !== 0) {
    throw new StartProblem(`The code does not compile:\n${output.trim()}`, 'Mend these lines, then start again.')
  }
  await buildConsole({ progress, signal })
}

/** @param {ToolchainOptions} options */
async function buildConsole({ progress, signal }) {
  progress.step('Building the console')
  const { code, output } = await runCommand(process.execPath, [inRepository('apps', 'console', 'build.mjs')], {
    cwd: root,
    signal,
  })
  if (code !== 0) {
    throw new StartProblem(`The console was not built:\n${output.trim()}`, 'Mend these lines, then start again.')
  }
}
