import { watch } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Editors save in several steps; a change counts when nothing has followed for this time, in ms. */
const QUIET = 120
const NEVER_WATCHED = new Set(['node_modules', '.git'])

/**
 * Calls `onChange` after something changed in these folders or below; folders that do not exist are left out. One watcher
 * per folder: Node's own recursive watching follows files, and on Linux loses those that an editor replaces. Returns what
 * ends it.
 *
 * @param {string[]} folders
 * @param {() => void} onChange
 */
export async function watchFolders(folders, onChange) {
  /** @type {Map<string, import('node:fs').FSWatcher>} */
  const watchers = new Map()
  /** @type {NodeJS.Timeout | undefined} */
  let timer
  let ended = false

  const follow = async () => {
    const present = new Set((await Promise.all(folders.map(subfolders))).flat())
    if (ended) return
    for (const [folder, watcher] of watchers) {
      if (present.has(folder)) continue
      watcher.close()
      watchers.delete(folder)
    }
    for (const folder of present) {
      if (watchers.has(folder)) continue
      const watcher = watch(folder, () => {
        clearTimeout(timer)
        timer = setTimeout(() => void follow().then(onChange), QUIET)
      })
      // The folder is gone; the one above it has reported that.
      watcher.on('error', () => {})
      watchers.set(folder, watcher)
    }
  }
  await follow()

  return () => {
    ended = true
    clearTimeout(timer)
    for (const watcher of watchers.values()) watcher.close()
  }
}

/**
 * A folder and all below it; none when it does not exist.
 *
 * @param {string} folder
 * @returns {Promise<string[]>}
 */
async function subfolders(folder) {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined)
  if (!entries) return []
  const inner = entries.filter((entry) => entry.isDirectory() && !NEVER_WATCHED.has(entry.name))
  return [folder, ...(await Promise.all(inner.map((entry) => subfolders(join(folder, entry.name))))).flat()]
}

/**
 * A text that differs when a file in one of these folders was added, removed or written. Declarations, source maps and the
 * compiler's own notes are left out: no process loads them.
 *
 * @param {string[]} folders
 */
export async function fingerprint(folders) {
  const lines = []
  for (const folder of (await Promise.all(folders.map(subfolders))).flat()) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (/\.(?:d\.ts|map|tsbuildinfo)$/.test(name)) continue
      const file = await stat(join(folder, name)).catch(() => undefined)
      if (file?.isFile()) lines.push(`${join(folder, name)} ${file.mtimeMs} ${file.size}`)
    }
  }
  return lines.sort().join('\n')
}
