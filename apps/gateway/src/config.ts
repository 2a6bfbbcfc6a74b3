import {
  choice,
  ConfigProblems,
  duration,
  integer,
  readSettings,
  type Settings,
  sharedSettings,
  text,
} from '@flexaction/shared/config'
import { parseRedisUrl } from '@flexaction/shared/redis'
import { parseAuthTokens } from './access/auth-tokens.js'
import { JWT_ALGORITHMS } from './access/jwt-verifier.js'
import { parseOwnRunsOnly } from './access/run-access.js'
import { parseProxies } from './http/client-address.js'

export const gatewaySettings = {
  ...sharedSettings,
  PORT: integer({ description: 'Port of the gateway; 0 for any free one.', default: 8080, min: 0, max: 65_535 }),
  HOST: text({
    description: 'Address that the gateway listens on. The image sets 0.0.0.0.',
    default: '127.0.0.1',
    allowed: 'an address or host name',
  }),
  AUTH_TOKENS: text({
    description:
      'Who may call: `name:role:token`, separated by commas; `name:role:sha256:<hex>` for the hash of a token; after a blank, `expires=<date>` and `groups=<a>+<b>`. Roles: viewer, operator, admin. Tokens have at least 16 characters. In development, without any, one is made and kept in DATA_DIR/token.',
    allowed: 'name:role:token,…',
    secret: true,
    check: (given) => void parseAuthTokens(given),
  }),
  AUTH_TOKENS_FILE: text({
    description:
      'A file with such entries, one a line. It is read again when it changes: tokens come and go without a restart.',
    allowed: 'a file',
  }),
  JWT_PUBLIC_KEY: text({
    description: 'Public key (PEM) of whoever signs the JWTs that callers send; line breaks may be written as \\n.',
    allowed: '-----BEGIN PUBLIC KEY-----…',
  }),
  JWT_JWKS_URL: text({
    description: 'Where such keys are published, instead of one key.',
    allowed: 'https://…',
    check: (given) => {
      if (given !== '' && !/^https?:\/\//.test(given)) throw new RangeError('must be an address such as https://…')
    },
  }),
  JWT_ISSUER: text({ description: 'What the claim iss of a JWT must be. Not set: anything.' }),
  JWT_AUDIENCE: text({ description: 'What the claim aud of a JWT must hold. Not set: anything.' }),
  JWT_ALGORITHM: choice({
    description: 'The one algorithm that JWTs may be signed with.',
    default: 'RS256',
    of: JWT_ALGORITHMS,
  }),
  JWT_CLOCK_TOLERANCE: duration({
    description: 'How far the clock of whoever signs JWTs may be off.',
    default: '30s',
    min: '0s',
    max: '10m',
  }),
  JWT_NAME_CLAIM: text({
    description: 'The claim of a JWT that names the caller.',
    default: 'sub',
    allowed: 'a claim',
  }),
  JWT_ROLE_CLAIM: text({
    description:
      'The claim that holds the role: viewer, operator or admin, or a list with one of them. A path is written with dots.',
    default: 'role',
    allowed: 'a claim',
  }),
  JWT_GROUPS_CLAIM: text({ description: 'The claim that lists groups.', default: 'groups', allowed: 'a claim' }),
  OIDC_ISSUER: text({
    description:
      'Issuer of your organisation (OpenID Connect): people log in at the console there. Claims of the ID token are read as those of JWTs are. Needs PUBLIC_URL and OIDC_CLIENT_ID.',
    allowed: 'https://…',
    check: (given) => {
      if (given !== '' && !/^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1)[:/])/.test(given))
        throw new RangeError('must be an address such as https://login.example.com; http is for this machine alone')
    },
  }),
  OIDC_CLIENT_ID: text({ description: 'What the gateway is called there.' }),
  OIDC_CLIENT_SECRET: text({ description: 'The secret that it was given there.', secret: true }),
  OIDC_SCOPE: text({ description: 'What is asked for there.', default: 'openid profile', allowed: 'scopes' }),
  OWN_RUNS_ONLY: text({
    description: 'Who sees no runs but their own: roles (viewer, operator) and groups, separated by commas.',
    allowed: 'viewer, operator, group:<name>',
    check: (given) => void parseOwnRunsOnly(given),
  }),
  TRUSTED_PROXIES: text({
    description: 'Addresses and networks of proxies whose X-Forwarded-For is believed, separated by commas.',
    allowed: '10.0.0.0/8, 127.0.0.1',
    check: (given) => void parseProxies(given),
  }),
  MAX_WRONG_TOKENS: integer({
    description:
      'Wrong tokens that one address may send within a minute, over all gateways; beyond it, it is answered with 429.',
    default: 30,
    min: 1,
    max: 1_000_000,
  }),
  MAX_REQUESTS: integer({
    description:
      'Requests that one caller may send within a minute, over all gateways; beyond it, 429. 0 for any number.',
    default: 60_000,
    min: 0,
    max: 1_000_000_000,
  }),
  KEEP_ALIVE: duration({
    description:
      'How long an idle connection is kept. Longer than the load balancer before it keeps one (AWS 60s, nginx 75s, Azure 4m, Google 10m): else it may send a request into one that is just being closed, and answer 502.',
    default: '620s',
    min: '1s',
    max: '2h',
  }),
  CORS_ORIGINS: text({
    description: 'Origins whose pages may call the API, separated by commas; `*` for any.',
    default: '*',
    allowed: '* or https://…,…',
    check: (given) => {
      const wrong = parseOrigins(given).find((origin) => origin !== '*' && (origin.includes('*') || !isOrigin(origin)))
      if (wrong !== undefined)
        throw new RangeError(`holds '${wrong}', which is no origin such as https://app.example.com`)
    },
  }),
  WAIT_MAX: duration({
    description: 'Longest time that an answer waits for the end of its run, whatever an action or a request asks for.',
    default: '30s',
    min: '0s',
    max: '10m',
  }),
  ASK_WITHIN: duration({
    description: 'How long a worker may take to find options of a field, or records of a collection.',
    default: '5s',
    min: '100ms',
    max: '1m',
  }),
  MAX_IDS: integer({ description: 'Most records in one request.', default: 1_000_000, min: 1, max: 10_000_000 }),
  MAX_FORM_FIELDS: integer({ description: 'Most fields of one form.', default: 1_000, min: 1, max: 100_000 }),
  MAX_FORM_KB: integer({
    description:
      'Largest form of one request, in kilobytes (1,000 characters of JSON); which records are meant does not count.',
    default: 1_000,
    min: 1,
    max: 100_000,
  }),
  SHUTDOWN_DELAY: duration({
    description:
      'How long a gateway that was told to stop serves on, while /readyz says that it is not ready: longer than a load balancer needs to notice. SHUTDOWN_DEADLINE begins afterwards.',
    default: '0s',
    min: '0s',
    max: '5m',
  }),
  ACCEPT_WAIT_REPLICAS: integer({
    description:
      'Replicas of Redis that must have received a run before it counts as accepted, so that a failover loses none; else, after 0.4 s, 503 that says it is not certain. Not for Redis Cluster.',
    default: 0,
    min: 0,
    max: 10,
  }),
  MAX_BODIES_MB: integer({
    description:
      'Most bytes of requests that a gateway holds at once, in megabytes; beyond it, 503. One body always fits.',
    default: 256,
    min: 1,
    max: 100_000,
  }),
  MAX_BODIES_PER_CALLER_MB: integer({
    description: 'The same for one caller; beyond it, 429.',
    default: 128,
    min: 1,
    max: 100_000,
  }),
  MAX_CONNECTIONS: integer({
    description: 'Most connections to a gateway at once, idle ones included; further ones are closed.',
    default: 10_000,
    min: 1,
    max: 1_000_000,
  }),
  MAX_STREAMS: integer({
    description: 'Most streams of events that one caller has open at a gateway; beyond it, 429.',
    default: 100,
    min: 1,
    max: 100_000,
  }),
  MAX_BODY_MB: integer({
    description: 'Largest request body, in megabytes (10^6 bytes).',
    default: 64,
    min: 1,
    max: 1_024,
  }),
} as const

export type GatewayConfig = Settings<typeof gatewaySettings>

/** The gateway's configuration. Throws ConfigProblems with all that is wrong. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): GatewayConfig {
  const config = readSettings(gatewaySettings, env)
  if (config.OIDC_ISSUER !== '' && (config.PUBLIC_URL === '' || config.OIDC_CLIENT_ID === ''))
    throw new ConfigProblems(['OIDC_ISSUER needs PUBLIC_URL, where people are sent back to, and OIDC_CLIENT_ID'])
  if (config.ACCEPT_WAIT_REPLICAS > 0 && parseRedisUrl(config.REDIS_URL).kind === 'cluster')
    throw new ConfigProblems(['ACCEPT_WAIT_REPLICAS must be 0 on a Redis Cluster, where it cannot be kept'])
  return config
}

export function parseOrigins(text: string): string[] {
  return text
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '')
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text
}
