import { hash as oneShotHash, timingSafeEqual } from 'node:crypto'
import { type Caller, ROLES } from './caller.js'

/** One entry of AUTH_TOKENS; of the token itself only its hash is kept. */
export interface AuthToken extends Caller {
  hash: Buffer
  /** From then on it is not known any more, in epoch ms. */
  expiresAt: number | undefined
}

const SHORTEST_TOKEN = 16
const LONGEST_NAME = 100
const HASHED = 'sha256:'

/**
 * Reads AUTH_TOKENS, or the content of AUTH_TOKENS_FILE: entries `name:role:token`, separated by commas or lines, each with
 * attributes after a blank (`expires=2027-01-31`, `groups=finance+support`). Lines that begin with # are comments. Throws a
 * RangeError that names the entry by its place and its name, never by its token.
 */
export function parseAuthTokens(text: string): AuthToken[] {
  const entries = text
    .split('\n')
    .filter((line) => !line.trim().startsWith('#'))
    .flatMap((line) => line.split(','))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  const tokens = entries.map((entry, at) => parseEntry(entry, at + 1))
  requireDifferent(tokens)
  return tokens
}

/** Throws a RangeError when one token stands for two names. */
export function requireDifferent(tokens: readonly AuthToken[]): void {
  const names = new Map<string, string>()
  for (const { name, hash } of tokens) {
    const known = names.get(hash.toString('hex'))
    if (known !== undefined)
      throw new RangeError(`gives one token to two names, '${known}' and '${name}': each needs its own`)
    names.set(hash.toString('hex'), name)
  }
}

function parseEntry(entry: string, place: number): AuthToken {
  const [, name, role, token = '', attributes = ''] = /^([^:]+):([^:]+):(\S*)(.*)$/s.exec(entry) ?? []
  if (name === undefined || role === undefined || token === '')
    throw new RangeError(`must consist of name:role:token entries; entry ${place} does not`)
  const where = `entry ${place} ('${name.slice(0, LONGEST_NAME)}')`
  if (name.length > LONGEST_NAME || /\p{C}/u.test(name))
    throw new RangeError(`has a name in ${where} that is longer than ${LONGEST_NAME} characters, or not printable`)
  const known = ROLES.find((one) => one === role)
  if (!known) throw new RangeError(`has an unknown role in ${where}: allowed are ${ROLES.join(', ')}`)
  return { name, role: known, ...readAttributes(attributes, where), hash: readToken(token, where) }
}

function readToken(token: string, where: string): Buffer {
  if (token.startsWith(HASHED)) {
    const hex = token.slice(HASHED.length)
    if (!/^[0-9a-f]{64}$/i.test(hex))
      throw new RangeError(`has a hash in ${where} that is not sha256: followed by 64 hexadecimal digits`)
    return Buffer.from(hex, 'hex')
  }
  if (/[<>]/.test(token)) throw new RangeError(`has the text of an example in ${where}: put a token of your own there`)
  if (!/^[\x21-\x7e]+$/.test(token) || token.includes(';'))
    throw new RangeError(
      `has a token in ${where} that no header can carry: use visible ASCII characters, but no ; and no ,`,
    )
  if (token.length < SHORTEST_TOKEN)
    throw new RangeError(`has a token in ${where} that is too short: at least ${SHORTEST_TOKEN} characters are needed`)
  return hash(token)
}

function readAttributes(text: string, where: string): Pick<AuthToken, 'groups' | 'expiresAt'> {
  let groups: readonly string[] = []
  let expiresAt: number | undefined
  for (const attribute of text.split(/\s+/).filter((one) => one !== '')) {
    const [, key, value = ''] = /^(groups|expires)=(.+)$/.exec(attribute) ?? []
    if (key === 'groups') groups = value.split('+').filter((group) => group !== '')
    else if (key === 'expires' && !Number.isNaN(Date.parse(value))) expiresAt = Date.parse(value)
    else
      throw new RangeError(
        `has something after a blank in ${where} that is neither expires=<date> nor groups=<name>+<name>; tokens hold no blanks`,
      )
  }
  return { groups, expiresAt }
}

/** The entry that a token belongs to. Every entry is compared, in constant time. */
export function findToken(tokens: readonly AuthToken[], token: string, now: number): AuthToken | undefined {
  const given = hash(token)
  let found: AuthToken | undefined
  for (const one of tokens) if (timingSafeEqual(one.hash, given)) found ??= one
  return found && isValid(found, now) ? found : undefined
}

export function isValid({ expiresAt }: AuthToken, now: number): boolean {
  return expiresAt === undefined || expiresAt > now
}

function hash(token: string): Buffer {
  return oneShotHash('sha256', token, 'buffer')
}
