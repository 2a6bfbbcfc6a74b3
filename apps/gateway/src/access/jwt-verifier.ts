import { ConfigProblems } from '@flexaction/shared/config'
import { FlexActionError } from '@flexaction/shared/errors'
import {
  createRemoteJWKSet,
  type CryptoKey,
  errors,
  importSPKI,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from 'jose'
import { type Caller, ROLES } from './caller.js'

/** Algorithms with a public key: a gateway can check such a JWT, and never make one. */
export const JWT_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const

export interface JwtSettings {
  JWT_PUBLIC_KEY: string
  JWT_JWKS_URL: string
  JWT_ISSUER: string
  JWT_AUDIENCE: string
  JWT_ALGORITHM: (typeof JWT_ALGORITHMS)[number]
  /** In ms. */
  JWT_CLOCK_TOLERANCE: number
  JWT_NAME_CLAIM: string
  JWT_ROLE_CLAIM: string
  JWT_GROUPS_CLAIM: string
}

const LONGEST_NAME = 100
const MOST_GROUPS = 1_000

/** Tells callers by a JWT that was signed elsewhere. Nothing is asked of anybody, but for the keys, now and then. */
export class JwtVerifier {
  private constructor(
    private readonly key: CryptoKey | JWTVerifyGetKey,
    private readonly settings: JwtSettings,
  ) {}

  /** `undefined`: no key is set. Throws ConfigProblems for a key that is none. */
  static async open(settings: JwtSettings): Promise<JwtVerifier | undefined> {
    const { JWT_PUBLIC_KEY: pem, JWT_JWKS_URL: url, JWT_ALGORITHM: algorithm } = settings
    if (pem !== '' && url !== '') throw new ConfigProblems(['JWT_PUBLIC_KEY and JWT_JWKS_URL are both set: set one'])
    if (url !== '') return new JwtVerifier(createRemoteJWKSet(new URL(url)), settings)
    if (pem === '') return undefined
    try {
      // In an environment line breaks are often written as \n.
      return new JwtVerifier(await importSPKI(pem.replaceAll(String.raw`\n`, '\n'), algorithm), settings)
    } catch (error) {
      throw new ConfigProblems([
        `JWT_PUBLIC_KEY is no public key for ${algorithm} in PEM form: ${(error as Error).message}`,
      ])
    }
  }

  /**
   * Who a JWT stands for. Throws `not_authenticated` with the reason, `not_permitted` when it names no role, `unavailable` when the
   * keys cannot be fetched. `onForged` is called for one that was not signed by the key.
   */
  async callerOf(jwt: string, onForged: () => Promise<void>): Promise<Caller> {
    return this.#toCaller(await this.#verified(jwt, onForged))
  }

  async #verified(jwt: string, onForged: () => Promise<void>): Promise<JWTPayload> {
    const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_ALGORITHM: algorithm, JWT_CLOCK_TOLERANCE } = this.settings
    const options: JWTVerifyOptions = {
      algorithms: [algorithm],
      clockTolerance: JWT_CLOCK_TOLERANCE / 1_000,
      requiredClaims: ['exp'],
      ...(issuer !== '' && { issuer }),
      ...(audience !== '' && { audience }),
    }
    try {
      const { key } = this
      const { payload } = await (typeof key === 'function'
        ? jwtVerify(jwt, key, options)
        : jwtVerify(jwt, key, options))
      return payload
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw refusal('the JWT has expired')
      if (error instanceof errors.JWTClaimValidationFailed)
        throw refusal(`the JWT's claim '${error.claim}' is not accepted`)
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
        const text = 'The keys for JWTs cannot be fetched at the moment. Try again in a moment'
        throw new FlexActionError('unavailable', text, { cause: error, retryAfter: 5 })
      }
      await onForged()
      throw refusal('the JWT is not accepted')
    }
  }

  #toCaller(payload: JWTPayload): Caller {
    const { JWT_NAME_CLAIM, JWT_ROLE_CLAIM, JWT_GROUPS_CLAIM } = this.settings
    const name = claimOf(payload, JWT_NAME_CLAIM)
    if ((typeof name !== 'string' && typeof name !== 'number') || name === '' || String(name).length > LONGEST_NAME)
      throw refusal(`the JWT names nobody in its claim '${JWT_NAME_CLAIM}'`)
    const roles = [claimOf(payload, JWT_ROLE_CLAIM)].flat()
    const role = [...ROLES].reverse().find((one) => roles.includes(one))
    if (!role)
      throw new FlexActionError(
        'not_permitted',
        `Not permitted: the JWT of '${name}' names no role in its claim '${JWT_ROLE_CLAIM}'; roles are ${ROLES.join(', ')}`,
      )
    const groups = [claimOf(payload, JWT_GROUPS_CLAIM)].flat().filter((group) => typeof group === 'string')
    return { name: String(name), role, groups: groups.slice(0, MOST_GROUPS) }
  }
}

/** Whether a credential is written like a JWT. */
export function looksLikeJwt(text: string): boolean {
  return /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(text)
}

/** A claim of that name, or by its path: `realm_access.roles`. */
function claimOf(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name]
  return name
    .split('.')
    .reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string, unknown>)[key]
          : undefined,
      payload,
    )
}

function refusal(why: string): FlexActionError {
  return new FlexActionError('not_authenticated', `Not authenticated: ${why}`)
}
