import type { ActionDefinition, CollectionDefinition, MessageDefinition } from '@flexaction/shared'
import { isActionDefinition, isCollectionDefinition, isMessageDefinition } from '@flexaction/shared/definitions'

/** A definition and the file that it came from. */
export interface Located<Definition> {
  file: string
  definition: Definition
}

export function isDefinition(value: unknown): boolean {
  return isActionDefinition(value) || isCollectionDefinition(value) || isMessageDefinition(value)
}

/** Tells the definitions apart by kind; what is none is added to `problems`. */
export function sortDefinitions(
  found: readonly { file: string; value: unknown }[],
  problems: string[],
): {
  actions: Located<ActionDefinition>[]
  collections: Located<CollectionDefinition>[]
  messages: Located<MessageDefinition>[]
} {
  const actions: Located<ActionDefinition>[] = []
  const collections: Located<CollectionDefinition>[] = []
  const messages: Located<MessageDefinition>[] = []
  for (const { file, value } of found) {
    if (isActionDefinition(value)) actions.push({ file, definition: value })
    else if (isCollectionDefinition(value)) collections.push({ file, definition: value })
    else if (isMessageDefinition(value)) messages.push({ file, definition: value })
    else {
      problems.push(
        `${file}: its default export must be what defineAction, defineCollection or defineMessage returned, or an array of those; ` +
          `received ${value === undefined ? 'none' : typeof value} (modules that only help others belong in a subfolder)`,
      )
    }
  }
  return { actions, collections, messages }
}
