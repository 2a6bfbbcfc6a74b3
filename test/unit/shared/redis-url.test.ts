import { createLogger } from '@flexaction/shared/logging'
import { checkRedis, parseRedisUrl, REDIS_URL_FORMS } from '@flexaction/shared/redis'
import { expect, it } from 'vitest'
import { redisUrl } from '../../harness/redis.js'

const node = (host: string, port: number) => ({ host, port })

it.each([
  ['redis://localhost', { kind: 'single', db: 0 }],
  ['redis://127.0.0.1:6379/', { kind: 'single', db: 0 }],
  ['rediss://ada:p%40ss@example.com:6380/15', { kind: 'single', db: 15 }],
  ['redis://:secret@[::1]:6379/2', { kind: 'single', db: 2 }],
  ['redis+cluster://a:1,b:2', { kind: 'cluster', nodes: [node('a', 1), node('b', 2)] }],
  ['redis+sentinel://a:1,b:2/main/3', { kind: 'sentinel', nodes: [node('a', 1), node('b', 2)], master: 'main', db: 3 }],
  ['redis+sentinel://a:1/5', { kind: 'sentinel', nodes: [node('a', 1)], master: '5', db: 0 }],
])('takes %s', (url, address) => {
  expect(parseRedisUrl(url)).toEqual(address)
})

it.each([
  ['redis://127.0.0.1/abc', "must end with a database's number, such as /0, or with none"],
  ['redis://127.0.0.1/-1', "must end with a database's number, such as /0, or with none"],
  ['redis://127.0.0.1/1/2', "must end with a database's number, such as /0, or with none"],
  ['redis://127.0.0.1:99999', 'must have one host and a port up to 65535'],
  ['redis://a:1,b:2', 'must have one host and a port up to 65535'],
  ['redis://ada:p%zz@127.0.0.1', 'must have user and password percent-encoded: % itself as %25'],
  ['redis+cluster://a:1/1', 'must end with no database: a cluster has only one'],
  ['redis+sentinel://a:1/main/x', `must be one of ${REDIS_URL_FORMS}`],
  ['redis+sentinel://a/main', 'must have a port of at most 65535 for each host: host:port'],
  ['http://127.0.0.1', `must be one of ${REDIS_URL_FORMS}`],
])('refuses %s', (url, message) => {
  expect(() => parseRedisUrl(url)).toThrow(new RangeError(message))
})

it('refuses a database that does not exist, which would silently be the first one', async () => {
  const logger = createLogger('test', 'info', { write: () => undefined })
  const at = (database: string): Promise<void> => checkRedis(`${redisUrl().replace(/\/\d*$/, '')}${database}`, logger)
  await expect(at('/99999')).rejects.toThrow(
    'The configuration is not usable:\n' +
      '  - REDIS_URL: its database 99999 cannot be used (ERR DB index is out of range); name one that exists, such as /0',
  )
  for (const database of ['', '/0', '/15']) await expect(at(database)).resolves.toBeUndefined()
})
