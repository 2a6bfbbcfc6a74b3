import { FlexActionError } from '@flexaction/shared/errors'
import { type Caller, ROLES } from './caller.js'

type Claims = Readonly<Record<string, unknown>>

/** Which claims of a JWT say what. A path is written with dots: `realm_access.roles`. */
export interface ClaimNames {
  JWT_NAME_CLAIM: string
  JWT_ROLE_CLAIM: string
  JWT_GROUPS_CLAIM: string
}

const LONGEST_NAME = 100
const MOST_GROUPS = 1_000

/** Whom claims stand for. Throws `not_authenticated` when they name nobody, `not_permitted` when they name no role. */
export function callerOfClaims(claims: Claims, names: ClaimNames): Caller {
  const { JWT_NAME_CLAIM, JWT_ROLE_CLAIM, JWT_GROUPS_CLAIM } = names
  const name = claimOf(claims, JWT_NAME_CLAIM)
  if ((typeof name !== 'string' && typeof name !== 'number') || name === '' || String(name).length > LONGEST_NAME)
    throw new FlexActionError(
      'not_authenticated',
      `Not authenticated: the JWT names nobody in its claim '${JWT_NAME_CLAIM}'`,
    )
  const roles = [claimOf(claims, JWT_ROLE_CLAIM)].flat()
  const role = [...ROLES].reverse().find((one) => roles.includes(one))
  if (!role)
    throw new FlexActionError(
      'not_permitted',
      `Not permitted: the JWT of '${name}' names no role in its claim '${JWT_ROLE_CLAIM}'; roles are ${ROLES.join(', ')}`,
    )
  const groups = [claimOf(claims, JWT_GROUPS_CLAIM)].flat().filter((group) => typeof group === 'string')
  return { name: String(name), role, groups: groups.slice(0, MOST_GROUPS) }
}

/** A claim of that name, or by its path: `realm_access.roles`. */
function claimOf(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  return name
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string, unknown>)[key]
          : undefined,
      claims,
    )
}
