import type { Permission, Role } from '@flexaction/shared'
import { FlexActionError } from '@flexaction/shared/errors'

export const ROLES: readonly Role[] = ['viewer', 'operator', 'admin']

/** Who is calling. */
export interface Caller {
  readonly name: string
  readonly role: Role
  readonly groups: readonly string[]
}

/** A caller without what else is known of it, such as its token's hash. */
export function toCaller({ name, role, groups }: Caller): Caller {
  return { name, role, groups }
}

/** Whether a caller may do what asks for this permission: the one place where that is decided. */
export function may(caller: Caller, permission: Permission): boolean {
  if (caller.role === 'admin') return true
  if (typeof permission === 'string') return ROLES.indexOf(caller.role) >= ROLES.indexOf(permission)
  return permission.groups.some((group) => caller.groups.includes(group))
}

/**
 * Whether a caller may watch what is done under this permission. Whoever has any role watches what operators do; what is
 * for admins or for a group alone is shown to them alone.
 */
export function mayWatch(caller: Caller, permission: Permission): boolean {
  return may(caller, permission) || permission === 'operator' || permission === 'viewer'
}

/** Throws `not_permitted` unless the caller may. `what`: what is refused, as the subject of a sentence. */
export function requirePermission(caller: Caller, permission: Permission, what: string): void {
  if (may(caller, permission)) return
  const needed =
    typeof permission === 'string' ? `the role ${permission}` : `one of the groups ${permission.groups.join(', ')}`
  throw new FlexActionError(
    'not_permitted',
    `Not permitted: ${what} needs ${needed}, '${caller.name}' is ${caller.role}`,
  )
}
