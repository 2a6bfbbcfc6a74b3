import type { Permission } from '@flexaction/shared'
import { FlexActionError } from '@flexaction/shared/errors'
import { type Caller, may, requirePermission } from './caller.js'

/** Longest name of an action, a message or a field: longer ones name nothing, and are not compared with anything. */
export const LONGEST_NAME = 100

interface Guarded {
  name: string
  permission: Permission
}

/** The actions that a caller may run: whoever may not run an action is not shown it. */
export function visibleTo<Action extends Guarded>(caller: Caller, actions: readonly Action[]): readonly Action[] {
  return actions.filter(({ permission }) => may(caller, permission))
}

/**
 * The actions among which a caller's request is looked for. Throws `not_permitted` when the name belongs only to actions that
 * the caller may not run, and field errors when it is too long to be a name.
 */
export function actionsFor<Action extends Guarded>(
  caller: Caller,
  actions: readonly Action[],
  name: string | undefined,
): readonly Action[] {
  if (name !== undefined) requireName('name', name)
  const visible = visibleTo(caller, actions)
  if (!visible.some((action) => action.name === name)) {
    const hidden = actions.find((action) => action.name === name)
    if (hidden) requirePermission(caller, hidden.permission, `running '${hidden.name}'`)
  }
  return visible
}

/** Throws a field error for a text that is too long to be a name. */
export function requireName(key: string, text: unknown): void {
  if (typeof text !== 'string' || text.length <= LONGEST_NAME) return
  throw FlexActionError.fields({
    [key]: [`must have at most ${LONGEST_NAME} characters, received ${text.length}`],
  })
}
