import { duration, integer, readSettings, type Settings, sharedSettings, text } from '@flexaction/shared/config'
import { parseAuthTokens } from './access/auth-tokens.js'

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
      'Who may call: `name:role:token`, separated by commas. Roles: viewer, operator, admin. In development, without any, one is made and kept in DATA_DIR/token.',
    allowed: 'name:role:token,…',
    secret: true,
    check: (given) => void parseAuthTokens(given),
  }),
  DATA_DIR: text({ description: 'Folder for what is kept outside Redis.', default: '.data', allowed: 'a folder' }),
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
      const wrong = parseOrigins(given).find((origin) => origin !== '*' && !isOrigin(origin))
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
  MAX_FORM_KB: integer({
    description: 'Largest form of one request, in kilobytes (10^3 bytes of JSON).',
    default: 1_000,
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
  return readSettings(gatewaySettings, env)
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
