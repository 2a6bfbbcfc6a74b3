import { connect } from 'node:net'

/**
 * Sends commands to a Redis on this machine over a connection of its own and returns all it answered, as raw protocol
 * text; `''` when nobody listens. Enough for PING, INFO and SHUTDOWN before any client library is installed.
 *
 * @param {{ port: number, password: string }} server
 * @param {string[]} commands inline commands
 * @param {number} [timeout] ms; default 2000. When it passes, what has come so far is returned
 * @returns {Promise<string>}
 */
export function askRedis({ port, password }, commands, timeout = 2_000) {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect({ host: '127.0.0.1', port })
    const finish = () => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(timeout, finish)
    socket.setEncoding('utf8')
    socket.on('connect', () => socket.write([`AUTH ${password}`, ...commands, 'QUIT', ''].join('\r\n')))
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('error', finish)
    socket.on('close', finish)
  })
}

/**
 * How the Redis at this port stands: `ready`, `loading` its file, `foreign` (something that does not know our password),
 * `silent` (connected, no answer in time) or `gone`.
 *
 * @param {{ port: number, password: string }} server
 * @returns {Promise<'ready' | 'loading' | 'foreign' | 'silent' | 'gone'>}
 */
export async function redisState(server) {
  const started = performance.now()
  const answer = await askRedis(server, ['PING'])
  if (answer.includes('+PONG')) return 'ready'
  if (answer.includes('-LOADING')) return 'loading'
  if (answer !== '') return 'foreign'
  return performance.now() - started > 1_900 ? 'silent' : 'gone'
}
