import type Router from '@koa/router'
import { ROUTES } from '../api/openapi/routes.js'
import type { GatewayContext, GatewayState } from '../http/context.js'
import { ROLES } from './caller.js'
import type { Needs } from './gate.js'

export interface NeedsOptions {
  apiPrefix: string
  /** The API's routes: what it would serve a request with is what decides. */
  api: Router<GatewayState>
}

/**
 * What a request needs (see gate.ts). Of the API, what its list of routes says about the very route that would answer; messages and
 * the dashboard any role, since there the action decides. Nothing: the connection check, health, the console's own files and
 * pages, preflights of the API, and the routes that are listed as public. Everything else: a caller.
 */
export function needsOf({ apiPrefix, api }: NeedsOptions): (ctx: GatewayContext) => Needs {
  const byRoute = new Map(
    ROUTES.map(({ method, path, needs }) => [`${method.toUpperCase()} ${apiPrefix}${path}`, needs] as const),
  )
  const ofApi = (method: string, path: string): Needs => {
    const layers = api.match(path, method).pathAndMethod
    const all = layers.map((layer) => byRoute.get(`${method === 'HEAD' ? 'GET' : method} ${layer.path}`) ?? 'admin')
    // Were there several, the strictest counts.
    return [...ROLES].reverse().find((role) => all.includes(role)) ?? (all.length > 0 ? 'nothing' : 'viewer')
  }
  return ({ method, path, state: { area } }) => {
    const reads = method === 'GET' || method === 'HEAD'
    if (area === 'dashboard') return 'viewer'
    if (area === 'pages') return 'nothing'
    if (area === 'nowhere') return 'viewer'
    if (method === 'OPTIONS') return 'nothing'
    if (area === 'api') return ofApi(method, path)
    return area === 'apiRoot' && reads ? 'nothing' : 'viewer'
  }
}
