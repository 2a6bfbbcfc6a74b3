import { readFile, readdir, readlink } from 'node:fs/promises'
import { portObstacle } from './free-port.mjs'
import { StartProblem } from './start-problem.mjs'

/** `LISTEN` in /proc/net/tcp. */
const LISTENING = '0A'

/**
 * Throws a StartProblem when the gateway could not listen there.
 *
 * @param {{ port: number, host: string }} address
 */
export async function requireFreePort({ port, host }) {
  const obstacle = await portObstacle(port, host)
  switch (obstacle) {
    case undefined:
      return
    case 'EADDRINUSE': {
      const owner = await portOwner(port).catch(() => undefined)
      const other = await nextFreePort(port, host)
      throw new StartProblem(
        `Port ${port} is in use${owner ? ` by ${owner}` : ''}.`,
        `Stop that program or choose another port: PORT=${other} npm start`,
      )
    }
    case 'EACCES':
      throw new StartProblem(
        `Port ${port} may not be used by this user (EACCES).`,
        'Choose one above 1023: PORT=8080 npm start',
      )
    default:
      throw new StartProblem(
        `HOST is "${host}", which is no address of this machine (${obstacle}).`,
        'Use 127.0.0.1 for this machine alone, 0.0.0.0 for all of its addresses.',
      )
  }
}

/** @param {number} port @param {string} host */
async function nextFreePort(port, host) {
  for (let other = port + 1; other < port + 50 && other <= 65_535; other++) {
    if ((await portObstacle(other, host)) === undefined) return other
  }
  return 18_080
}

/**
 * The program that listens at a port, on Linux, if it is one of this user's: `node (pid 12)`.
 *
 * @param {number} port
 */
async function portOwner(port) {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')))
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const sockets = tables
    .flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)))
    .filter((fields) => fields[1]?.endsWith(`:${hexPort}`) && fields[3] === LISTENING)
    .map((fields) => `socket:[${fields[9]}]`)
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
      if (sockets.includes(target)) return `${(await readFile(`/proc/${pid}/comm`, 'utf8')).trim()} (pid ${pid})`
    }
  }
  return undefined
}
