/** What is shown in place of a value that throws when it is read. */
export const UNREADABLE = '[unreadable]'

/** A property of whatever there is; {@link UNREADABLE} when a getter or a proxy throws. Never throws. */
export function propertyOf(owner: unknown, key: PropertyKey): unknown {
  if ((typeof owner !== 'object' && typeof owner !== 'function') || owner === null) return undefined
  try {
    return (owner as Record<PropertyKey, unknown>)[key]
  } catch {
    return UNREADABLE
  }
}
