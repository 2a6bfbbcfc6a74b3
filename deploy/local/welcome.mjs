import { relative } from 'node:path'

/**
 * What is printed when the system is ready: where it is, how to try it, how to stop it.
 *
 * @param {import('./settings.mjs').Settings} settings
 * @param {string | undefined} token the development token; `undefined` when AUTH_TOKENS were given
 */
export function welcome(settings, token) {
  const { port, apiPrefix, dataDir, redisUrl } = settings
  const address = `http://${reachableHost(settings.host, 'localhost')}:${port}`
  const place = relative(process.cwd(), dataDir) || '.'
  return `
FlexAction is ready.

  console    ${address}/   (log in with the token)
  messages   ${address}${apiPrefix}/messages/
  queues     ${address}/queues
  health     ${address}/healthz
  token      ${token ?? 'those of AUTH_TOKENS'}
  data       ${place.startsWith('..') ? dataDir : place}${redisUrl ? ', and the Redis of REDIS_URL' : ''}

Try it:

${tryIt(settings, token ?? '$TOKEN')}

Ctrl-C stops it.
`
}

/**
 * A line to paste into a shell: three records, one action.
 *
 * @param {import('./settings.mjs').Settings} settings
 * @param {string} token
 */
function tryIt({ host, port, apiPrefix }, token) {
  const params = { name: 'mail_users', model: 'users', ids: [1, 2, 3], params: { subject: 'Hello' } }
  return [
    `curl -s http://${reachableHost(host, '127.0.0.1')}:${port}${apiPrefix}/messages/`,
    `-H "Authorization: Token ${token}"`,
    `-H 'Content-Type: application/json'`,
    `-d '${JSON.stringify({ name: 'execute_action', params })}'`,
  ].join(' ')
}

/**
 * A host to call, for the one that is listened on.
 *
 * @param {string} host
 * @param {string} local what to say for this machine
 */
export function reachableHost(host, local) {
  if (['127.0.0.1', 'localhost', '0.0.0.0', '::', ''].includes(host)) return local
  return host.includes(':') ? `[${host}]` : host
}
