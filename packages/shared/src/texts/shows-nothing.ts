/** Spaces, and characters that show nothing. */
const SHOWS_NOTHING = /^[\s\p{Cc}\p{Cf}]*$/u

/** Whether a text shows nothing to a person: it is empty, or holds only spaces, line breaks and invisible characters. */
export function showsNothing(text: string): boolean {
  return SHOWS_NOTHING.test(text)
}
