/** What gateways alone need to know. */
const GATEWAY_SECRETS = ['AUTH_TOKENS', 'AUTH_TOKENS_FILE', 'OIDC_CLIENT_SECRET', 'OIDC_CLIENT_SECRET_FILE']

/** Takes the gateways' secrets out of a worker's environment: handlers, and the programs that they start, see it. */
export function forgetGatewaySecrets(env: NodeJS.ProcessEnv): void {
  for (const name of GATEWAY_SECRETS) delete env[name]
}
