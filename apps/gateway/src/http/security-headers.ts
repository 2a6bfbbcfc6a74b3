import helmet from 'koa-helmet'
import type { Area } from './areas.js'
import type { GatewayMiddleware } from './context.js'

type Directives = Record<string, string[]>

/** An answer is data: a browser that is led to show it as a page loads nothing for it. */
const DATA: Directives = {
  defaultSrc: ["'none'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
}

/** Scripts and styles come from here alone, and none stands in the page; styles of elements are set by the components. */
const CONSOLE: Directives = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'"],
  connectSrc: ["'self'"],
  manifestSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
}

/** The colours of an icon, which bull-board's script puts into the page: allowed by its content alone. A browser test tells of others. */
const ICON_COLOURS = "'sha256-r2N1TB/gHbBtBZFKg7ejmq1acVSREzucTAEw6ga4hoU='"

/** What stands inline in bull-board's page itself is taken out of it (dashboard/dashboard-page.ts). */
const DASHBOARD: Directives = { ...CONSOLE, styleSrc: ["'self'", ICON_COLOURS], baseUri: ["'self'"] }

const policy = (directives: Directives, referrer: 'no-referrer' | 'same-origin'): GatewayMiddleware => {
  const options: Parameters<typeof helmet>[0] = {
    contentSecurityPolicy: { useDefaults: false, directives },
    referrerPolicy: { policy: referrer },
    frameguard: { action: 'deny' },
    // Whether the host is to be reached over https for ever is for the proxy to say that speaks it.
    hsts: false,
    // Pages are opened from the console in new tabs, and behind http: these would only be ignored there, or warned of.
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    crossOriginResourcePolicy: { policy: 'same-origin' },
    // Of browsers that are no longer in use.
    ieNoOpen: false,
    dnsPrefetchControl: false,
    permittedCrossDomainPolicies: false,
    xssFilter: false,
  }
  return alwaysTheSame(helmet(options) as unknown as GatewayMiddleware)
}

/** None of these headers depends on the request: they are asked for once, which makes each answer cheaper. */
function alwaysTheSame(headersOf: GatewayMiddleware): GatewayMiddleware {
  let known: Record<string, string> | undefined
  return async (ctx, next) => {
    if (known) ctx.set(known)
    else {
      const before = new Set(Object.keys(ctx.response.headers))
      await headersOf(ctx, () => Promise.resolve())
      const added = Object.entries(ctx.response.headers).filter(([name]) => !before.has(name))
      known = Object.fromEntries(added.map(([name, value]) => [name, String(value)]))
    }
    return next()
  }
}

/** The headers that tell a browser what an answer may do: one policy for each kind of page. */
export function securityHeaders(): GatewayMiddleware {
  const data = policy(DATA, 'no-referrer')
  const byArea: Readonly<Record<Area, GatewayMiddleware>> = {
    messages: data,
    apiRoot: data,
    api: data,
    dashboard: policy(DASHBOARD, 'same-origin'),
    pages: policy(CONSOLE, 'same-origin'),
    nowhere: data,
  }
  return (ctx, next) => {
    // Whoever shares a browser or a cache is not to find answers there; a file that says otherwise sets its own header.
    ctx.set('Cache-Control', 'no-store')
    return byArea[ctx.state.area](ctx, next)
  }
}
