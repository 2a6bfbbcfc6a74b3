import { maskSecrets } from './mask-secrets.js'

/** At most so many characters of a text, `…` being the last one of a text that was longer. Well-formed: no half characters. */
export function cutText(text: string, mostCharacters: number): string {
  if (text.length <= mostCharacters) return text.toWellFormed()
  return `${wholeStart(text, mostCharacters)}…`
}

/** The same with its secrets masked, also one that the cut divides. */
export function maskedText(text: string, mostCharacters: number): string {
  if (text.length <= mostCharacters) return cutText(maskSecrets(text.toWellFormed()), mostCharacters)
  const masked = `${maskSecrets(wholeStart(text, mostCharacters), true)}…`
  // Masks may be longer than what they hide.
  return masked.length > mostCharacters ? cutText(masked, mostCharacters) : masked
}

/** Leaves room for the `…`, and no half of a character at the end. */
function wholeStart(text: string, mostCharacters: number): string {
  const end = Math.max(0, mostCharacters - 1)
  const divides = end > 0 && /[\uD800-\uDBFF]/.test(text.charAt(end - 1))
  return text.slice(0, divides ? end - 1 : end).toWellFormed()
}
