import { createJiti } from 'jiti'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** Imports a module by its path. */
export type ImportModule = (file: string) => Promise<{ default?: unknown }>

/** Modules that were built with this app. */
export const importBuilt: ImportModule = async (file) =>
  (await import(pathToFileURL(file).href)) as { default?: unknown }

/**
 * Modules of a folder from anywhere, TypeScript included. They need no node_modules of their own to
 * `import … from '@flexaction/shared'`: they get this app's.
 */
export function importFromAnywhere(): ImportModule {
  const jiti = createJiti(import.meta.url, {
    alias: { '@flexaction/shared': fileURLToPath(import.meta.resolve('@flexaction/shared')) },
    sourceMaps: true,
  })
  return async (file) => await jiti.import<{ default?: unknown }>(file)
}
