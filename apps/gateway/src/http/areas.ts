/** Where the queues' dashboard is. */
export const DASHBOARD_PATH = '/queues'

/** Which part of the gateway an address belongs to; `elsewhere`: the console, the health checks, and what does not exist. */
export type Area = 'messages' | 'apiRoot' | 'api' | 'dashboard' | 'elsewhere'

/**
 * Tells the area of a path. Messages, and the API's root, may stand behind a proxy's prefix: people paste the full address
 * (PROTOCOL.md section 1). The dashboard comes first: nothing below it is anything else.
 */
export function areas(apiPrefix: string): (path: string) => Area {
  const escaped = apiPrefix.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const messages = new RegExp(`^(/.*)?${escaped}/messages/?$`)
  const root = new RegExp(`^(/.*)?${escaped}/?$`)
  return (path) => {
    const lower = path.toLowerCase()
    if (lower === DASHBOARD_PATH || lower.startsWith(`${DASHBOARD_PATH}/`)) return 'dashboard'
    if (messages.test(path)) return 'messages'
    if (root.test(path)) return 'apiRoot'
    return path.startsWith(`${apiPrefix}/`) ? 'api' : 'elsewhere'
  }
}
