// What must happen at the gateway's doors, one line for each way in: generated over every route of the API and of bull-board,
// every method, every role and every spelling. `pnpm generate` counts them for docs/security.md.
import { appRoutes } from '@bull-board/api/dist/routes.js'
import { ROUTES } from '@flexaction/gateway/api/openapi/routes'
import { SPELLINGS } from './spellings.mjs'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
/** @type {readonly import('./cases.mjs').Caller[]} */
const CALLERS = ['nobody', 'viewer', 'operator', 'admin']

/** Who may use a route of the API. A new route has to be entered here by hand: what it needs is decided twice. */
const LOWEST = /** @type {Readonly<Record<string, import('./cases.mjs').Caller>>} */ ({
  'get ': 'nobody',
  'post /messages': 'viewer',
  'get /runs': 'viewer',
  'get /runs/:id': 'viewer',
  'get /runs/:id/items': 'viewer',
  'get /runs/:id/items.csv': 'viewer',
  'get /runs/:id/failures': 'viewer',
  'get /failures': 'viewer',
  'post /runs/:id/resume-listing': 'operator',
  'get /runs/:id/input': 'operator',
  'get /runs/:id/log': 'operator',
  'get /runs/:id/events': 'viewer',
  'post /runs/:id/cancel': 'operator',
  'post /runs/:id/pause': 'operator',
  'post /runs/:id/resume': 'operator',
  'post /runs/:id/retry': 'operator',
  'get /actions': 'viewer',
  'get /workers': 'viewer',
  'get /scale': 'viewer',
  'get /history': 'viewer',
  'get /collections': 'viewer',
  'get /collections/:name/records': 'operator',
  'get /wire': 'operator',
  'get /files/:id': 'nobody',
  'get /session': 'nobody',
  'post /session': 'nobody',
  'delete /session': 'nobody',
  'get /session/oidc': 'nobody',
  'get /session/oidc/callback': 'nobody',
  'get /openapi.json': 'nobody',
})

/** Who may use a route of the dashboard. All others are for nobody. */
const DASHBOARD = /** @type {Readonly<Record<string, import('./cases.mjs').Caller>>} */ ({
  'get /api/redis/stats': 'viewer',
  'get /api/queues': 'viewer',
  'get /api/job-schedulers': 'viewer',
  'get /api/queues/:queueName/metrics': 'viewer',
  'get /api/queues/:queueName/default-job-options': 'viewer',
  'get /api/queues/:queueName/workers': 'viewer',
  'get /api/queues/:queueName/rate-limit': 'viewer',
  'get /api/queues/:queueName/job-data-schema': 'viewer',
  'get /api/queues/:queueName/:jobId': 'viewer',
  'get /api/queues/:queueName/:jobId/flow': 'viewer',
  'get /api/queues/:queueName/:jobId/logs': 'operator',
  'put /api/queues/:queueName/:jobId/retry': 'operator',
  'put /api/queues/:queueName/:jobId/promote': 'operator',
  'put /api/queues/pause': 'admin',
  'put /api/queues/resume': 'admin',
  'put /api/queues/:queueName/pause': 'admin',
  'put /api/queues/:queueName/resume': 'admin',
  'put /api/queues/:queueName/promote': 'admin',
  'put /api/queues/:queueName/retry/:queueStatus': 'admin',
})

/** Every case. @returns {import('./cases.mjs').SecurityCase[]} */
export function securityCases() {
  return [...nobodyGetsIn(), ...nobodyGetsThrough(), ...theDashboard()]
}

/** Without a token: every address, method and spelling. */
function* nobodyGetsIn() {
  const api = ROUTES.map(({ method, path }) => ({ route: `${method} ${path}`, path: `/api${path}` }))
  const board = boardRoutes().map(({ route, path }) => ({ route, path: `/queues${path}` }))
  const others = ['/queues', '/queues/queue/x', '/nothing', '/index.html', '/metrics'].map((path) => ({
    route: '',
    path,
  }))
  for (const path of new Set([...api, ...board, ...others].map(({ path }) => filled(path)))) {
    const isPublic = (/** @type {string} */ method) =>
      api.some(
        ({ route, path: known }) =>
          filled(known) === path &&
          LOWEST[route] === 'nobody' &&
          route.startsWith(method.replace('HEAD', 'GET').toLowerCase()),
      )
    for (const method of METHODS) {
      // What is public may be spelled as it likes, and a preflight of the API is answered to anybody.
      if (isPublic(method) || (method === 'OPTIONS' && path.startsWith('/api'))) continue
      for (const [spelling, spell] of Object.entries(SPELLINGS)) {
        yield oneCase('Nobody gets in', 'nobody', method, spell(path), spelling, 'not authenticated')
      }
    }
  }
}

/** With a token of too low a role: every route of the API, and every spelling. */
function* nobodyGetsThrough() {
  for (const { method, path } of ROUTES) {
    const lowest = LOWEST[`${method} ${path}`]
    if (lowest === undefined) throw new Error(`test/security/cases.mjs does not say who may ${method} ${path}`)
    for (const caller of CALLERS.slice(1)) {
      const allowed = CALLERS.indexOf(caller) >= CALLERS.indexOf(lowest)
      for (const [spelling, spell] of Object.entries(SPELLINGS)) {
        if (allowed && spelling !== 'as it is') continue
        const must = allowed ? 'let in' : 'nothing done'
        yield oneCase('Nobody gets through', caller, method.toUpperCase(), spell(filled(`/api${path}`)), spelling, must)
      }
    }
  }
}

/** Every route that bull-board has, for every role, in every spelling. */
function* theDashboard() {
  for (const { route, method, path } of boardRoutes()) {
    const lowest = DASHBOARD[route]
    for (const caller of CALLERS.slice(1)) {
      const allowed = lowest !== undefined && CALLERS.indexOf(caller) >= CALLERS.indexOf(lowest)
      for (const [spelling, spell] of Object.entries(SPELLINGS)) {
        if (allowed && spelling !== 'as it is') continue
        const must = allowed ? 'let in' : 'nothing done'
        yield oneCase('The dashboard', caller, method, spell(filled(`/queues${path}`)), spelling, must)
      }
    }
  }
}

function boardRoutes() {
  return appRoutes.api.flatMap(({ method, route }) => {
    const methods = Array.isArray(method) ? method : [method]
    const paths = Array.isArray(route) ? route : [route]
    return methods.flatMap((one) => paths.map((path) => ({ route: `${one} ${path}`, method: one.toUpperCase(), path })))
  })
}

/** Names of what is really there: a guard that looks first whether something exists would hide behind it. @param {string} path */
function filled(path) {
  return path
    .replace(':queueName', 'touch.records.users')
    .replace(':queueStatus', 'failed')
    .replace(':name', 'users')
    .replace(':jobId', 'the-job')
    .replace(':schedulerId', 'a-scheduler')
    .replace(':id', '00000000000000000000')
}

/**
 * @param {string} group
 * @param {import('./cases.mjs').Caller} caller
 * @param {string} method
 * @param {string} path
 * @param {string} spelling
 * @param {import('./cases.mjs').Must} must
 * @returns {import('./cases.mjs').SecurityCase}
 */
function oneCase(group, caller, method, path, spelling, must) {
  return { group, caller, method, path, must, line: `${caller}: ${method} ${path} (${spelling}) → ${must}` }
}
