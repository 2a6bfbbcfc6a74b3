import { readdir } from 'node:fs/promises'
import { fingerprint, watchFolders } from './folder-watch.mjs'
import { inRepository } from './repository.mjs'
import { compiledProjects } from './stale-outputs.mjs'
import { describeProblem } from './start-problem.mjs'
import { prepareToolchain } from './toolchain.mjs'

/**
 * @typedef {object} ReloadOptions
 * @property {import('./running-app.mjs').RunningApp} app
 * @property {string[]} actionsDirs
 * @property {import('./progress.mjs').Progress} progress
 * @property {AbortSignal} signal
 */

/**
 * Whenever a source changes: builds, and replaces the processes whose code is another now. While the code does not
 * compile, what runs goes on. Returns what ends it.
 *
 * @param {ReloadOptions} options
 */
export async function reloadOnChange({ app, actionsDirs, progress, signal }) {
  let running = await codeInUse(actionsDirs)
  let work = Promise.resolve()

  const reload = async () => {
    if (signal.aborted) return
    try {
      await prepareToolchain({ progress, signal })
    } catch (error) {
      progress.done()
      if (!signal.aborted) progress.print(describeProblem(error))
      return
    }
    progress.done()
    const built = await codeInUse(actionsDirs)
    const before = running
    running = built
    if (built.worker !== before.worker) {
      progress.print('The code changed: new workers take over.')
      app.rollWorkers()
    }
    if (built.gateway !== before.gateway) {
      progress.print('The code changed: the gateway starts again.')
      await app.restartGateway()
    }
  }

  const stopWatching = await watchFolders(await watchedFolders(actionsDirs), () => {
    work = work.then(reload)
  })
  return async () => {
    stopWatching()
    await work
  }
}

/** Folders whose change calls for a build or a restart. @param {string[]} actionsDirs */
async function watchedFolders(actionsDirs) {
  const sources = (await compiledProjects()).flatMap((project) => [`${project}/src`, `${project}/lua`])
  return [...sources, ...actionsDirs]
}

/** What the running processes have loaded. @param {string[]} actionsDirs */
async function codeInUse(actionsDirs) {
  const packages = await readdir(inRepository('packages'))
  const common = packages.flatMap((name) => [
    inRepository('packages', name, 'dist'),
    inRepository('packages', name, 'lua'),
  ])
  return {
    gateway: await fingerprint([...common, inRepository('apps', 'gateway', 'dist')]),
    worker: await fingerprint([...common, inRepository('apps', 'worker', 'dist'), ...actionsDirs]),
  }
}
