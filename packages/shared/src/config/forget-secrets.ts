/** What gateways alone need to know, and what a worker has read before it loads any action. */
const SECRETS = ['AUTH_TOKENS', 'OIDC_CLIENT_SECRET', 'METRICS_TOKEN', 'DATA_KEY']

/** Takes secrets that are no handler's business out of a worker's environment: handlers, and the programs that they start, see it. */
export function forgetSecrets(env: NodeJS.ProcessEnv): void {
  for (const name of SECRETS) {
    delete env[name]
    delete env[`${name}_FILE`]
  }
}
