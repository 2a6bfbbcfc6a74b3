import type { ActionDefinition, CollectionDefinition } from '@flexaction/shared'
import { isActionDefinition, isCollectionDefinition } from '@flexaction/shared/definitions'

/** A definition and the file that it came from. */
export interface Located<Definition> {
  file: string
  definition: Definition
}

/** Tells the definitions apart by kind; what is none is added to `problems`. */
export function sortDefinitions(
  found: readonly { file: string; value: unknown }[],
  problems: string[],
): { actions: Located<ActionDefinition>[]; collections: Located<CollectionDefinition>[] } {
  const actions: Located<ActionDefinition>[] = []
  const collections: Located<CollectionDefinition>[] = []
  for (const { file, value } of found) {
    if (isActionDefinition(value)) actions.push({ file, definition: value })
    else if (isCollectionDefinition(value)) collections.push({ file, definition: value })
    else {
      problems.push(
        `${file}: its default export must be what defineAction or defineCollection returned, or an array of those; ` +
          `received ${value === undefined ? 'none' : typeof value} (modules that only help others belong in a subfolder)`,
      )
    }
  }
  return { actions, collections }
}
