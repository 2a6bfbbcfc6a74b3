import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** Tells the address of whoever sent a request. */
export type ClientAddress = (request: IncomingMessage) => string

/** Addresses and networks (`10.0.0.0/8`), separated by commas. Throws a RangeError for what is neither. */
export function parseProxies(text: string): BlockList {
  const list = new BlockList()
  for (const entry of text.split(',').map((one) => one.trim())) {
    if (entry === '') continue
    const [address = '', prefix] = entry.split('/')
    const version = isIP(address)
    const bits = prefix === undefined ? (version === 4 ? 32 : 128) : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1
    if (version === 0 || bits < 0 || bits > (version === 4 ? 32 : 128))
      throw new RangeError(`holds '${entry}', which is neither an address nor a network such as 10.0.0.0/8`)
    list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}

/**
 * The address of the connection, or what trusted proxies say of it in X-Forwarded-For: from the right, the first address that
 * is no trusted proxy. What others write into that header is not believed.
 */
export function clientAddress(proxies: BlockList): ClientAddress {
  const isTrusted = (address: string): boolean => {
    const version = isIP(address)
    return version !== 0 && proxies.check(address, version === 4 ? 'ipv4' : 'ipv6')
  }
  const trustsNobody = proxies.rules.length === 0
  return (request) => {
    let address = plain(request.socket.remoteAddress ?? '')
    if (trustsNobody) return address
    const forwarded = String(request.headers['x-forwarded-for'] ?? '').split(',')
    while (isTrusted(address)) {
      const next = plain((forwarded.pop() ?? '').trim())
      if (isIP(next) === 0) break
      address = next
    }
    return address
  }
}

/** An IPv4 address as such, where a socket for both kinds shows it as IPv6. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '')
}
