import type { GatewayContext } from '../http/context.js'

/**
 * Whether a request comes from this gateway's own pages, or was typed by a person. Browsers send cookies and remembered
 * passwords along with requests of other pages too, and those of the same host on another port even count as the same site.
 */
export function isSameOrigin(ctx: GatewayContext): boolean {
  const site = ctx.get('Sec-Fetch-Site')
  if (site !== '') return site === 'same-origin' || (site === 'none' && isRead(ctx))
  // Browsers leave Sec-Fetch-Site out where the address is http and not this machine's own.
  const from = ctx.get('Origin') || ctx.get('Referer')
  return from === '' || (URL.canParse(from) && new URL(from).host === ctx.host)
}

function isRead({ method }: GatewayContext): boolean {
  return method === 'GET' || method === 'HEAD'
}
