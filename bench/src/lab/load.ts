import autocannon from 'autocannon'

export interface LoadOptions {
  url: string
  body: string
  token: string
  callers: number
  requests: number
}

export interface LoadResult {
  perSecond: number
  /** In ms. */
  p50: number
  p99: number
}

/** Many callers at once, each on its own kept connection. Throws unless every answer is a 2xx. */
export async function load({ url, body, token, callers, requests }: LoadOptions): Promise<LoadResult> {
  const result = await autocannon({
    url,
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', authorization: `Token ${token}` },
    connections: callers,
    amount: requests,
  })
  const { errors, non2xx, start, finish } = result
  if (errors > 0 || non2xx > 0) throw new Error(`${url}: ${errors} errors, ${non2xx} answers other than 2xx`)
  return {
    perSecond: requests / ((finish.getTime() - start.getTime()) / 1_000),
    p50: result.latency.p50,
    p99: result.latency.p99,
  }
}
