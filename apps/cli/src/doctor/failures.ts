const CODES: Readonly<Record<string, [seen: string, fix: string]>> = {
  ENOTFOUND: ['there is no host of that name', 'Check the address for typing mistakes, and the name in DNS.'],
  EAI_AGAIN: ['the name could not be looked up', 'Check this machine’s network and DNS.'],
  ECONNREFUSED: [
    'nothing listens there',
    'Start the server, and check the port; inside containers it must listen on 0.0.0.0.',
  ],
  ECONNRESET: [
    'the connection was cut off',
    'Check proxies and firewalls in between, and whether the port speaks TLS.',
  ],
  EHOSTUNREACH: ['the host cannot be reached', 'Check routes and firewalls in between.'],
  CERT_HAS_EXPIRED: ['its certificate has expired', 'Renew the certificate: browsers refuse it.'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['its certificate is signed by itself', 'Use a certificate that browsers trust.'],
  SELF_SIGNED_CERT_IN_CHAIN: ['its certificate is not trusted', 'Use a certificate that browsers trust.'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: [
    'its certificate chain is incomplete',
    'Serve the intermediate certificates as well.',
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: ['its certificate is for another name', 'Use a certificate for this name.'],
  ERR_SSL_WRONG_VERSION_NUMBER: ['it does not speak TLS', 'Use http, or put the server behind TLS.'],
}

/** Why a question got no answer, as a person understands it. */
export function explainFailure(error: unknown, url: URL, withinMs: number): { seen: string[]; fix: string } {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return {
      seen: [`no answer from ${url.host} within ${withinMs / 1_000} s`],
      fix: 'Check firewalls in between, and whether the server is overloaded.',
    }
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const { code } = (cause ?? {}) as { code?: string }
  const known = CODES[code ?? '']
  if (known) return { seen: [`${url.host}: ${known[0]}`], fix: known[1] }
  return { seen: [`${url.host}: ${cause instanceof Error ? cause.message : String(cause)}`], fix: 'Check the address.' }
}
