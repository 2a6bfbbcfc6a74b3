import { FlexActionError } from '@flexaction/shared/errors'
import * as oidc from 'openid-client'
import type { Caller } from './caller.js'
import { callerOfClaims, type ClaimNames } from './claims.js'

export interface OrganisationLoginOptions {
  issuer: string
  clientId: string
  clientSecret: string
  scope: string
  /** Where the provider sends people back to. */
  redirectUri: string
  claimNames: ClaimNames
}

/** What the browser keeps while a person is at the provider, in a cookie that scripts cannot read. */
export interface BegunLogin {
  state: string
  nonce: string
  /** Proves that whoever comes back is who went (PKCE). */
  verifier: string
  /** Where the person wanted to go. */
  next: string
}

const TRY_AGAIN_SECONDS = 10

/** Login by OpenID Connect: authorization code with PKCE. */
export class OrganisationLogin {
  #provider: Promise<oidc.Configuration> | undefined

  constructor(private readonly options: OrganisationLoginOptions) {}

  /** The provider's page to send a person to, and what has to be kept until the person comes back. */
  async begin(next: string): Promise<{ address: string; begun: BegunLogin }> {
    const { redirectUri: redirect_uri, scope } = this.options
    const begun = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      verifier: oidc.randomPKCECodeVerifier(),
      next,
    }
    const address = oidc.buildAuthorizationUrl(await this.#configuration(), {
      redirect_uri,
      scope,
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(begun.verifier),
      code_challenge_method: 'S256',
    })
    return { address: address.href, begun }
  }

  /** Who has come back. `query`: of the address, as it was called. Throws `not_authenticated` and `not_permitted`. */
  async end(query: string, { state, nonce, verifier }: BegunLogin): Promise<Caller> {
    const configuration = await this.#configuration()
    let claims: oidc.IDToken | undefined
    try {
      const tokens = await oidc.authorizationCodeGrant(configuration, new URL(`${this.options.redirectUri}?${query}`), {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      })
      claims = tokens.claims()
    } catch (error) {
      throw new FlexActionError('not_authenticated', 'Not authenticated: the login was not accepted', { cause: error })
    }
    return callerOfClaims(claims ?? {}, this.options.claimNames)
  }

  /** What the provider says of itself, asked at the first login, and again after a failure. */
  async #configuration(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.options
    this.#provider ??= oidc.discovery(new URL(issuer), clientId, clientSecret, undefined, {
      // Settings allow http for this machine alone. It is marked as deprecated so that nobody overlooks it.
      // oxlint-disable-next-line typescript/no-deprecated
      ...(issuer.startsWith('http:') && { execute: [oidc.allowInsecureRequests] }),
    })
    try {
      return await this.#provider
    } catch (error) {
      this.#provider = undefined
      const text = 'The login of your organisation cannot be reached. Try again in a moment'
      throw new FlexActionError('unavailable', text, { cause: error, retryAfter: TRY_AGAIN_SECONDS })
    }
  }
}
