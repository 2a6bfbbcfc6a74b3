import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { errorCode } from './start-problem.mjs'

/**
 * Tries to listen: `undefined` when the port is free, else the system's error code (`EADDRINUSE`, `EACCES`, …).
 *
 * @param {number} port
 * @param {string} [host] default 127.0.0.1
 * @returns {Promise<string | undefined>}
 */
export function portObstacle(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve(errorCode(error) ?? 'unknown error'))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}

/**
 * A free port of 127.0.0.1 between 15000 and 30000. Not one that the system hands out (bind to 0), because those are also
 * the ports that outgoing connections get: while Redis is away, a client that keeps trying its port would sooner or later
 * be connected to itself, and the port would be taken for good.
 */
export async function chooseFreePort() {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(15_000, 30_000)
    if ((await portObstacle(port)) === undefined) return port
  }
  throw new Error('No free port found on 127.0.0.1 in 100 tries between 15000 and 30000')
}
