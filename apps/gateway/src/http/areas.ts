import { tidyPath } from './tidy-path.js'

/** Where the queues' dashboard is. */
export const DASHBOARD_PATH = '/queues'

/** Which part of the gateway a request belongs to. `pages`: the console's files, and health; `nowhere`: nothing answers there. */
export type Area = 'messages' | 'apiRoot' | 'api' | 'dashboard' | 'pages' | 'nowhere'

export interface AreasOptions {
  apiPrefix: string
  /** Whether a path is read without a caller: the console's files and pages, and health. */
  isPage(path: string): boolean
}

/**
 * Tells the area of a request. Messages, and the API's root, may stand behind a proxy's prefix, and their addresses may hold the small
 * mistakes of what was typed or pasted: a slash too few or too many, a space (PROTOCOL.md section 1). The dashboard comes first: nothing
 * below it is anything else.
 */
export function areas({ apiPrefix, isPage }: AreasOptions): (method: string, path: string) => Area {
  const escaped = apiPrefix.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const messages = new RegExp(`^(/.*)?${escaped}/messages$`)
  const root = new RegExp(`^(/.*)?${escaped}$`)
  return (method, path) => {
    const tidy = tidyPath(path)
    if (isOfDashboard(tidy)) return 'dashboard'
    if (messages.test(tidy)) return 'messages'
    if (root.test(tidy)) return 'apiRoot'
    if (path.startsWith(`${apiPrefix}/`)) return 'api'
    return (method === 'GET' || method === 'HEAD') && isPage(path) ? 'pages' : 'nowhere'
  }
}

/** In any spelling: what only looks like it is refused there. */
export function isOfDashboard(path: string): boolean {
  const lower = path.toLowerCase()
  return lower === DASHBOARD_PATH || lower.startsWith(`${DASHBOARD_PATH}/`)
}
