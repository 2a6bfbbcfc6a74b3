import type { CaseAnswer, CaseRequest } from './cases.js'

export interface ExchangeTarget {
  /** What the cases' `/api` stands for: an address without a slash at its end. */
  apiUrl: string
  token: string
  signal?: AbortSignal
}

export interface Received {
  status: number
  headers: Headers
  /** JSON if it is any, else the text. */
  body: unknown
}

const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
])

/** The token that cases are written with; another target's takes its place. */
const WRITTEN_TOKEN = 'admin-token-for-tests'

/** Sends what a case says. */
export async function exchange(request: CaseRequest, { apiUrl, token, signal }: ExchangeTarget): Promise<Received> {
  const { method = 'POST', path = '/api/messages/', headers = {}, message, raw } = request
  const sent = { 'content-type': 'application/json', authorization: `Token ${WRITTEN_TOKEN}`, ...headers }
  const body = raw ?? (message ? JSON.stringify({ name: message[0], params: message[1] }) : undefined)
  const answer = await fetch(addressOf(apiUrl, path), {
    method,
    headers: Object.entries(sent).flatMap(([name, value]): [string, string][] =>
      value === null ? [] : [[name, value.replaceAll(WRITTEN_TOKEN, token)]],
    ),
    ...(body !== undefined && method !== 'GET' && { body }),
    ...(signal && { signal }),
  })
  return { status: answer.status, headers: answer.headers, body: parsed(await answer.text()) }
}

/** An answer as cases have it, without what is the connection's business. */
export function answered({ status, headers, body }: Received): CaseAnswer {
  const named = [...headers].filter(([name]) => !OF_THE_CONNECTION.has(name))
  return { status, headers: Object.fromEntries(named), body }
}

/** `/api` may stand behind a prefix, which the case may add to. */
function addressOf(apiUrl: string, path: string): string {
  const at = path.indexOf('/api')
  const url = new URL(apiUrl)
  const [pathname = '', query] = path.slice(at + '/api'.length).split('?')
  return `${url.origin}${path.slice(0, at)}${url.pathname}${pathname}${query === undefined ? '' : `?${query}`}`
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
