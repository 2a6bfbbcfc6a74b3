import type { Role } from './context.js'

/** Who may: everybody with a role or a higher one, or the members of any of these groups. Admins may in either case. */
export type Permission = Role | { readonly groups: readonly string[] }
