import { createJiti } from 'jiti'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Imports a module by its path. */
export type ImportModule = (file: string) => Promise<{ default?: unknown }>

/** What authors import, by the name of the package and by its former name. */
const NAMES = ['flexaction', '@flexaction/shared']

/**
 * Imports modules of a folder from anywhere, TypeScript included. One without node_modules of its own can
 * `import … from 'flexaction'` all the same: it gets what this worker has.
 */
export function importFrom(folder: string): ImportModule {
  const { resolve } = createRequire(join(folder, 'any.js'))
  const ours = fileURLToPath(import.meta.resolve('@flexaction/shared'))
  const missing = NAMES.filter((name) => !canResolve(resolve, name))
  const jiti = createJiti(import.meta.url, {
    alias: Object.fromEntries(missing.map((name) => [name, ours])),
    sourceMaps: true,
  })
  return async (file) => await jiti.import<{ default?: unknown }>(file)
}

function canResolve(resolve: (name: string) => string, name: string): boolean {
  try {
    resolve(name)
    return true
  } catch {
    return false
  }
}
