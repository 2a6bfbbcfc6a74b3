/** Characters of a message that are looked at, and of a fingerprint. */
const MOST_READ = 500
const MOST_CHARACTERS = 200

/** What differs from record to record: addresses, quoted texts, and words with a digit in them. */
const VARIABLE =
  /https?:\/\/\S+|[\w.+-]{1,64}@[\w.-]{1,64}|"[^"]{1,100}"|`[^`]{1,100}`|(?<!\w)'[^']{1,100}'|[\w-]*\d[\w-]*(?:[.,:]\d+)*/g

/**
 * What failures with the same cause have in common: the message, with everything masked that differs from record to record.
 * Takes linear time, and has at most 200 characters.
 */
export function failureFingerprint(message: string): string {
  const masked = message.slice(0, MOST_READ).replaceAll(VARIABLE, '…').replaceAll(/\s+/g, ' ').trim()
  return masked.slice(0, MOST_CHARACTERS) || '…'
}
