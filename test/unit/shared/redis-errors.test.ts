import { redisErrorKind, redisErrorOf } from '@flexaction/shared/redis'
import { expect, test } from 'vitest'

test.each([
  ["Stream isn't writeable and enableOfflineQueue options is false", 'away', 'refused'],
  ["Cluster isn't ready and enableOfflineQueue options is false", 'away', 'refused'],
  ['Connection is closed.', 'away', 'uncertain'],
  [
    'Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option.',
    'away',
    'uncertain',
  ],
  // Of a transaction, when the connection broke between its first reply and its last.
  ['Command aborted due to connection close', 'away', 'uncertain'],
  ['Too many Cluster redirections. Last error: Error: Connection is closed.', 'redirections', 'uncertain'],
  [
    'All sentinels are unreachable. Retrying from scratch after 10ms. Last error: NOAUTH Authentication',
    'noauth',
    'configuration',
  ],
  ['EXECABORT Transaction discarded because of previous errors.', 'execabort', 'refused'],
  ['TRYAGAIN Multiple keys request during rehashing of slot', 'tryagain', 'refused'],
  ['UNBLOCKED force unblock from blocking operation', 'unblocked', 'refused'],
  // Redis 6 and 7 about a write in a script.
  [
    'ERR Error running script (call to f_ab): @user_script:3: @user_script: 3: -OOM command not allowed',
    'oom',
    'refused',
  ],
  ["READONLY You can't write against a read only replica. script: ab, on @user_script:3.", 'readonly', 'refused'],
])('%s', (message, kind, meaning) => {
  expect(redisErrorOf(new Error(message))).toMatchObject({ kind, meaning })
})

test.each([
  ['ECONNREFUSED', 'away', 'refused'],
  ['ECONNRESET', 'away', 'uncertain'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'certificate', 'configuration'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate', 'configuration'],
])('an error with the code %s', (code, kind, meaning) => {
  expect(redisErrorOf(Object.assign(new Error('connect'), { code }))).toMatchObject({ kind, meaning })
})

test('an error of a command is no outage', () => {
  const wrong = new Error('WRONGTYPE Operation against a key holding the wrong kind of value')
  wrong.name = 'ReplyError'
  expect(redisErrorOf(wrong)).toBeUndefined()
  expect(redisErrorKind(wrong)).toBe('wrongtype')
  expect(redisErrorKind(new Error('of a handler: OOM in the truck'))).toBeUndefined()
})
