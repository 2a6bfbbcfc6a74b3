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
import type { Caller } from './caller.js'
import { callerOfClaims, type ClaimNames } from './claims.js'

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

export interface JwtSettings extends ClaimNames {
  JWT_PUBLIC_KEY: string
  JWT_JWKS_URL: string
  JWT_ISSUER: string
  JWT_AUDIENCE: string
  JWT_ALGORITHM: (typeof JWT_ALGORITHMS)[number]
  /** In ms. */
  JWT_CLOCK_TOLERANCE: number
}

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
    return callerOfClaims(await this.#verified(jwt, onForged), this.settings)
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
}

/** Whether a credential is written like a JWT. */
export function looksLikeJwt(text: string): boolean {
  return /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(text)
}

function refusal(why: string): FlexActionError {
  return new FlexActionError('not_authenticated', `Not authenticated: ${why}`)
}
