/** What is shown in place of a secret value. */
export const MASKED = '[masked]'

/** What a key whose value is secret may be called, without `_` and `-`. */
const SECRET_WORDS = [
  ...['authorization', 'cookie', 'password', 'token', 'secret'],
  ...['passwd', 'pwd', 'passcode', 'passphrase', 'apikey', 'accesskey', 'privatekey', 'credential'],
]

/** The longest key that is looked at whole. A secret's name stands at the start of a longer one, or nobody wrote it. */
const LONGEST_KEY = 200

/*
 * Each pattern takes time in proportion to the text, whatever the text is: a match begins with fixed characters, and what it
 * reads after them ends before the next place at which a match may begin.
 */
const ADDRESS = /(:\/\/[^\s:@/]*:)[^\s/]+@/g
const ADDRESS_OR_ITS_BEGINNING = /(:\/\/[^\s:@/]*:)[^\s/]+(?:@|$)/g
const AUTHORIZATION = /\b(Bearer|Token|ProjectToken|JWT)\s+[\w.~+/=-]{8,}/g
const AUTHORIZATION_OR_ITS_BEGINNING = /\b(Bearer|Token|ProjectToken|JWT)\s+(?:[\w.~+/=-]{8,}|[\w.~+/=-]+$)/g

/**
 * Replaces passwords in addresses (`scheme://user:password@host`) and the values of Authorization headers, in time that is
 * linear in the text's length. `cut`: the text ends in the middle, so what may be the beginning of a secret there is one.
 */
export function maskSecrets(text: string, cut = false): string {
  return text
    .replace(cut ? ADDRESS_OR_ITS_BEGINNING : ADDRESS, '$1***@')
    .replace(cut ? AUTHORIZATION_OR_ITS_BEGINNING : AUTHORIZATION, '$1 ***')
}

/** Whether a key names a secret: it holds one of the words, as in `api_token`, `newPassword` and `X-Api-Key`. */
export function isSecretKey(key: string): boolean {
  const name = key.slice(0, LONGEST_KEY).toLowerCase().replaceAll(/[_-]/g, '')
  return SECRET_WORDS.some((word) => name.includes(word))
}
