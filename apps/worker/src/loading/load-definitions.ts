import type { ActionDefinition, CollectionDefinition, MessageDefinition } from '@flexaction/shared'
import { takeAddedMessages } from '@flexaction/shared/definitions'
import { readdir } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { checkActions, checkCollections, checkMessages } from './check-definitions.js'
import { isDefinition, sortDefinitions } from './sort-definitions.js'
import type { ImportModule } from './import-module.js'

/** What the user's modules define. */
export interface Definitions {
  actions: ActionDefinition[]
  collections: CollectionDefinition[]
  messages: MessageDefinition[]
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
      const added = takeAddedMessages()
      // A module that adds handlers need not export anything; what stands for its default export then is no definition.
      const exported = added.length > 0 ? [value].flat().filter(isDefinition) : [value].flat()
      for (const one of new Set<unknown>([...exported, ...added])) found.push({ file: basename(file), value: one })
    } catch (error) {
      problems.push(`${basename(file)}: cannot be loaded: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const { actions, collections, messages } = sortDefinitions(found, problems)
  problems.push(...checkActions(actions), ...checkCollections(collections), ...checkMessages(messages))
  if (problems.length > 0) throw new DefinitionProblems(problems)
  return {
    actions: actions.map(({ definition }) => definition),
    collections: collections.map(({ definition }) => definition),
    messages: messages.map(({ definition }) => definition),
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
