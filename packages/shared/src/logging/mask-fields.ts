import { isSecretKey, MASKED, maskSecrets } from '../texts/mask-secrets.js'
import { propertyOf, UNREADABLE } from '../texts/property-of.js'

const MOST_LEVELS = 100

/**
 * A copy in which the values of secret keys and secrets within texts are masked. What is nested deeper than 100 levels is
 * shown as `…`, what throws when it is read as unreadable. Never throws.
 */
export function maskFields(value: unknown, level = 0): unknown {
  if (typeof value === 'string') return maskSecrets(value)
  if (typeof value !== 'object' || value === null) return value
  if (level >= MOST_LEVELS) return '…'
  try {
    if (Array.isArray(value))
      return Array.from({ length: value.length }, (_, at) => maskFields(propertyOf(value, at), level + 1))
    return Object.fromEntries(
      Object.keys(value).map((key) => [key, isSecretKey(key) ? MASKED : maskFields(propertyOf(value, key), level + 1)]),
    )
  } catch {
    return UNREADABLE
  }
}
