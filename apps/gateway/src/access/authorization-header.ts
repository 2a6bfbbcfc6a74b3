/** A credential of an Authorization header. */
export interface Credential {
  scheme: 'token' | 'projecttoken' | 'jwt' | 'bearer' | 'basic'
  value: string
}

const SCHEMES: ReadonlySet<string> = new Set(['token', 'projecttoken', 'jwt', 'bearer', 'basic'])

/** Whether a text is the name of a scheme that is read. */
export function isScheme(text: string): boolean {
  return SCHEMES.has(text.toLowerCase())
}

/**
 * Reads the header's forms (PROTOCOL.md section 7): `Token …`, `ProjectToken …`, `JWT …`, `Bearer …`, several joined by
 * commas, with parameters after a `;`. A JWT wins, else the first one. Schemes are read in any case.
 */
export function parseAuthorization(header: string): Credential | undefined {
  const credentials = header.split(',').flatMap(parseOne)
  return credentials.find(({ scheme }) => scheme === 'jwt') ?? credentials[0]
}

function parseOne(text: string): Credential[] {
  const [, scheme = '', value = ''] = /^\s*(\w+)\s+([^;\s]+)/.exec(text) ?? []
  return isScheme(scheme) && value !== '' ? [{ scheme: scheme.toLowerCase() as Credential['scheme'], value }] : []
}
