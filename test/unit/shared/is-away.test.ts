import { expect, test } from 'vitest'
import { isRedisAway } from '@flexaction/shared/redis'

test.each([
  'Connection is closed.',
  "Stream isn't writeable and enableOfflineQueue options is false",
  'Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option for details.',
  // Of a transaction, when the connection broke between its first reply and its last.
  'Command aborted due to connection close',
  'LOADING Redis is loading the dataset in memory',
])('knows that Redis is away by: %s', (message) => {
  expect(isRedisAway(new Error(message))).toBe(true)
})

test('does not take an error of a command for an outage', () => {
  expect(isRedisAway(new Error('WRONGTYPE Operation against a key holding the wrong kind of value'))).toBe(false)
})
