import { casesForAnywhere, differences, exchange, type ExchangeTarget, spokenOf } from '@flexaction/conformance'
import { actionListProblems } from './action-list.js'
import { explainFailure } from './failures.js'

export interface ExamineOptions {
  /** The Messages URL, or an address above it. */
  url: URL
  token: string | undefined
  /** An action to execute; without it nothing is executed. */
  execute: string | undefined
  answerWithinMs: number
}

export interface Finding {
  name: string
  /** `note`: otherwise than expected, and known of this kind of server. `skipped`: could not be tried. */
  outcome: 'passed' | 'failed' | 'note' | 'skipped'
  /** What was seen instead. */
  seen: string[]
  fix?: string
}

/**
 * Examines a server, finding by finding. Sends no execute_action, unless `execute` names an action: who knows what a
 * server does with a name that it does not know.
 */
export async function* examine({ url, token, execute, answerWithinMs }: ExamineOptions): AsyncGenerator<Finding> {
  const target: ExchangeTarget = { apiUrl: apiUrlOf(url), token: token ?? 'a-token-that-is-not-known' }
  const within = (): ExchangeTarget => ({ ...target, signal: AbortSignal.timeout(answerWithinMs) })
  let kind: unknown
  try {
    const version = await exchange({ method: 'GET', path: '/api/', headers: { authorization: null } }, within())
    kind = (version.body as { type?: unknown } | null)?.type
    yield { name: `connects to ${target.apiUrl}`, outcome: 'passed', seen: [] }
  } catch (error) {
    yield { name: `connects to ${target.apiUrl}`, outcome: 'failed', ...explainFailure(error, url, answerWithinMs) }
    return
  }
  if (url.protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)) {
    yield {
      name: 'is reached by https',
      outcome: 'failed',
      seen: [
        'Jet Admin is a page of https: a browser refuses its requests to http addresses, but for this machine’s own',
      ],
      fix: 'Put the server behind TLS, and give Jet Admin its https address.',
    }
  }

  for (const one of casesForAnywhere()) {
    const name = one.name
    const needsToken = one.request.headers?.authorization !== null && one.request.method !== 'OPTIONS'
    if (needsToken && token === undefined && one.answer.status !== 403) {
      yield { name, outcome: 'skipped', seen: ['needs a token: give --token'] }
      continue
    }
    try {
      const received = await exchange(one.request, within())
      const expected = one.anywhere.answer ?? one.answer
      const seen = differences(expected, spokenOf(expected, received), 'answer')
      if (seen.length === 0) yield { name, outcome: 'passed', seen }
      else if (kind === 'jet_bridge' && one.anywhere.jetBridge !== undefined)
        yield { name, outcome: 'note', seen: [one.anywhere.jetBridge] }
      else yield { name, outcome: 'failed', seen, fix: one.anywhere.fix }
    } catch (error) {
      yield { name, outcome: 'failed', ...explainFailure(error, url, answerWithinMs) }
    }
  }

  if (token === undefined) {
    yield { name: 'lists its actions', outcome: 'skipped', seen: ['needs a token: give --token'] }
    return
  }
  const list = await exchange({ message: ['get_action_list'] }, within())
  const seen =
    list.status === 200 ? actionListProblems(list.body) : [`answer.status: expected 200, received ${list.status}`]
  yield {
    name: 'lists its actions',
    outcome: seen.length === 0 ? 'passed' : 'failed',
    seen,
    ...(seen.length > 0 && {
      fix: 'Answer get_action_list with a JSON array of actions as the protocol describes them.',
    }),
  }
  if (execute !== undefined) yield await executed(execute, within())
}

async function executed(action: string, target: ExchangeTarget): Promise<Finding> {
  const { status, body } = await exchange({ message: ['execute_action', { name: action }] }, target)
  const answer = `${status} ${JSON.stringify(body)}`
  const ok = status >= 200 && status < 300
  return {
    name: `executes '${action}'`,
    outcome: ok ? 'passed' : 'failed',
    seen: [answer.slice(0, 500)],
    ...(!ok && { fix: 'Read the answer above: it is what the person in Jet Admin would see.' }),
  }
}

/** What the cases' `/api` stands for: people paste the Messages URL, or something above it. */
function apiUrlOf({ origin, pathname }: URL): string {
  const path = pathname.replace(/\/+$/, '')
  if (path.endsWith('/messages')) return origin + path.slice(0, -'/messages'.length)
  return origin + (path === '' ? '/api' : path)
}
