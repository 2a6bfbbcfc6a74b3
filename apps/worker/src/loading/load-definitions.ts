import type { ActionDefinition, CollectionDefinition } from '@flexaction/shared'
import { readdir } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { checkActions, checkCollections } from './check-definitions.js'
import { sortDefinitions } from './sort-definitions.js'
import type { ImportModule } from './import-module.js'

/** What the user's modules define. */
export interface Definitions {
  actions: ActionDefinition[]
  collections: CollectionDefinition[]
}

/** All that is wrong with the user's modules, at once; each problem names its file. */
export class DefinitionProblems extends Error {
  override readonly name = 'DefinitionProblems'
  constructor(readonly problems: readonly string[]) {
    super(`The actions are not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
  }
}

const EXTENSIONS = new Set(['.js', '.mjs', '.ts'])

/**
 * Loads every module that lies directly in one of the folders; what lies in their subfolders is for those modules to
 * import. Throws {@link DefinitionProblems} with everything that is wrong in any of them.
 */
export async function loadDefinitions(folders: readonly string[], importModule: ImportModule): Promise<Definitions> {
  const problems: string[] = []
  const found: { file: string; value: unknown }[] = []
  for (const file of await listModules(folders, problems)) {
    try {
      const { default: value } = await importModule(file)
      for (const one of [value].flat()) found.push({ file: basename(file), value: one })
    } catch (error) {
      problems.push(`${basename(file)}: cannot be loaded: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const { actions, collections } = sortDefinitions(found, problems)
  problems.push(...checkActions(actions), ...checkCollections(collections))
  if (problems.length > 0) throw new DefinitionProblems(problems)
  return {
    actions: actions.map(({ definition }) => definition),
    collections: collections.map(({ definition }) => definition),
  }
}

async function listModules(folders: readonly string[], problems: string[]): Promise<string[]> {
  const files: string[] = []
  for (const folder of folders) {
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      problems.push(
        `the folder ${folder} cannot be read (${error.code ?? error.message}): give a folder of action modules`,
      )
      return []
    })
    for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
      const isModule =
        EXTENSIONS.has(extname(entry.name)) && !entry.name.endsWith('.d.ts') && !entry.name.startsWith('.')
      // A folder mounted from a Kubernetes ConfigMap holds links to files.
      if (isModule && !entry.isDirectory()) files.push(join(folder, entry.name))
    }
  }
  return files
}
