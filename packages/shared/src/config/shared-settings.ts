import type { FileStoreOptions } from '../files/file-store.js'
import { parseRedisUrl, REDIS_URL_FORMS } from '../redis/connect.js'
import { LOG_LEVELS } from '../logging/index.js'
import { parseDataKeys } from '../secrets/index.js'
import { choice, duration, integer, type Settings, text } from './settings.js'

const PUBLIC_ADDRESS = /^https?:\/\/[^/?#\s]+(?:\/[\w.~-]+)*$/

/** Settings that gateways and workers must agree on, or both have. */
export const sharedSettings = {
  REDIS_URL: text({
    description: 'Where Redis is. `npm start` runs one of its own when this is not set.',
    default: 'redis://127.0.0.1:6379',
    allowed: REDIS_URL_FORMS,
    secret: true,
    check: parseRedisUrl,
  }),
  NODE_ENV: choice({
    description: '`production` refuses to start without authentication, or on a Redis that may lose runs.',
    default: 'development',
    of: ['development', 'test', 'production'],
  }),
  KEY_PREFIX: text({
    description: 'First part of every key in Redis: installations that share a Redis need different ones.',
    default: 'flexaction',
    allowed: 'letters, digits, - and _',
    check: (given) => {
      if (!/^[\w-]+$/.test(given)) throw new RangeError('must consist of letters, digits, - and _')
    },
  }),
  ALLOW_UNSAFE_REDIS: choice({
    description:
      '`yes`: start in production on a Redis that may drop keys (another maxmemory-policy than noeviction), writes nothing to disk, or does not tell.',
    default: 'no',
    of: ['no', 'yes'],
  }),
  DATA_KEY: text({
    description:
      'Keys that the values of secret fields are encrypted under in Redis: `id:<base64 of 32 bytes>` (`openssl rand -base64 32`), separated by commas. The first one encrypts, all of them decrypt. Gateways and workers need the same. In development, without any, one is made and kept in DATA_DIR/data-key.',
    allowed: 'id:base64,…',
    secret: true,
    check: (given) => void parseDataKeys(given),
  }),
  DATA_DIR: text({ description: 'Folder for what is kept outside Redis.', default: '.data', allowed: 'a folder' }),
  API_PREFIX: text({
    description: 'First part of the path of every API address.',
    default: '/api',
    allowed: 'a path such as /api or /jet/api',
    check: (given) => {
      if (!/^(\/[\w.~-]+)+$/.test(given))
        throw new RangeError('must be a path such as /api or /jet/api, without a slash at its end')
    },
  }),
  PUBLIC_URL: text({
    description:
      'Address of the gateways as browsers reach them, with the path that a proxy puts before theirs: what addresses of files begin with. Default: they are paths.',
    default: '',
    allowed: 'https://…',
    check: (given) => {
      if (given !== '' && !(PUBLIC_ADDRESS.test(given) && URL.canParse(given)))
        throw new RangeError(
          'must be an address such as https://actions.example.com or https://example.com/jet, without a slash at its end',
        )
    },
  }),
  FILE_RETENTION: duration({
    description: 'How long files that handlers return can be downloaded.',
    default: '1d',
    min: '1s',
    max: '365d',
  }),
  MAX_FILE_MB: integer({
    description: 'Largest file that a handler may return, in megabytes (10^6 bytes). Files are kept in Redis.',
    default: 10,
    min: 1,
    max: 500,
  }),
  MAX_PENDING_ITEMS: integer({
    description:
      'Most items that may be waiting or active, over all runs: beyond it, requests are answered with 503. No run lists more records.',
    default: 10_000_000,
    min: 1,
    max: 1_000_000_000,
  }),
  RUN_RETENTION: duration({
    description: 'How long ended runs and their outcomes are kept.',
    default: '7d',
    min: '1s',
    max: '3650d',
  }),
  SHUTDOWN_DEADLINE: duration({
    description: 'How long work in hand may go on after SIGTERM before it is aborted and given back.',
    default: '30s',
    min: '0s',
    max: '1h',
  }),
  METRICS_PUBLIC: choice({
    description: '`yes`: show /metrics to anybody who reaches the port. Else gateways ask for the token of a viewer.',
    default: 'no',
    of: ['no', 'yes'],
  }),
  LOG_LEVEL: choice({ description: 'Least severe log lines that are written.', default: 'info', of: LOG_LEVELS }),
} as const

/** The files that handlers return, as these settings have it. */
export function fileStoreOptions(
  config: Settings<typeof sharedSettings>,
): Pick<FileStoreOptions, 'keptMs' | 'mostBytes' | 'address'> {
  return {
    keptMs: config.FILE_RETENTION,
    mostBytes: config.MAX_FILE_MB * 1_000_000,
    address: `${config.PUBLIC_URL}${config.API_PREFIX}/files`,
  }
}
