import { parseRedisUrl, REDIS_URL_FORMS } from '../redis/connect.js'
import { LOG_LEVELS } from '../logging/index.js'
import { choice, duration, text } from './settings.js'

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
      '`yes`: start in production on a Redis that may drop keys (another maxmemory-policy than noeviction), or writes nothing to disk.',
    default: 'no',
    of: ['no', 'yes'],
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
  LOG_LEVEL: choice({ description: 'Least severe log lines that are written.', default: 'info', of: LOG_LEVELS }),
} as const
