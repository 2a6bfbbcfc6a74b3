import autocannon from 'autocannon'
import { percentile } from './numbers.js'

/** How often autocannon looks whether it has all answers: it would wait for a whole second. */
const LOOK_EVERY_MS = 50

export interface LoadOptions {
  url: string
  body: string
  token: string
  callers: number
  requests: number
  /** Of every answer. */
  status: number
}

export interface LoadResult {
  perSecond: number
  /** In ms. */
  p50: number
  p99: number
}

/** Many callers at once, each on its own kept connection. Throws unless every answer has the status that is expected. */
export async function load({ url, body, token, callers, requests, status }: LoadOptions): Promise<LoadResult> {
  const took: number[] = []
  const began = performance.now()
  let ended = began
  const { errors, statusCodeStats } = await autocannon({
    url,
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', authorization: `Token ${token}` },
    connections: callers,
    amount: requests,
    sampleInt: LOOK_EVERY_MS,
    setupClient: (client) => {
      let opened = false
      client.on('response', (_status, _bytes, ms) => {
        // The first one waited for its connection, of which Node accepts one per turn of its event loop.
        if (opened) took.push(ms)
        opened = true
        ended = performance.now()
      })
    },
  })
  const others = Object.keys(statusCodeStats ?? {}).filter((one) => one !== String(status))
  if (errors > 0 || others.length > 0)
    throw new Error(`${url}: ${errors} errors, and answers with ${others.join(', ')} instead of ${status}`)
  return {
    perSecond: requests / ((ended - began) / 1_000),
    p50: percentile(took, 50),
    p99: percentile(took, 99),
  }
}
