import {
  answered,
  type AnywhereCase,
  casesForAnywhere,
  differences,
  exchange,
  type ExchangeTarget,
  type Received,
} from '@flexaction/conformance'
import { actionListProblems } from './action-list.js'
import { executionRequest, type Execution } from './execution.js'
import { explainFailure } from './failures.js'

export interface ExamineOptions {
  /** The Messages URL, or an address above it. */
  url: URL
  token: string | undefined
  /** An action to execute; without it nothing is executed. */
  execute: Execution | undefined
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

type Outcome = Omit<Finding, 'name'>

const NEEDS_TOKEN: Outcome = { outcome: 'skipped', seen: ['needs a token: give --token'] }
const LONGEST_SHOWN = 500

/**
 * Examines a server, finding by finding. Sends no execute_action, unless `execute` names an action: who knows what a
 * server does with a name that it does not know.
 */
export async function* examine(options: ExamineOptions): AsyncGenerator<Finding> {
  for await (const finding of new Examination(options).findings()) yield withoutToken(finding, options.token)
}

class Examination {
  readonly #target: ExchangeTarget
  /** What the server calls itself. */
  #kind: unknown
  #list: unknown

  constructor(private readonly options: ExamineOptions) {
    this.#target = { apiUrl: apiUrlOf(options.url), token: options.token ?? 'a-token-that-is-not-known' }
  }

  async *findings(): AsyncGenerator<Finding> {
    const { url, token, execute } = this.options
    const connects = await this.#try(() => this.#connect())
    yield { name: `connects to ${this.#target.apiUrl}`, ...connects }
    if (connects.outcome === 'failed') return
    if (url.protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)) yield NOT_SECURE
    for (const one of casesForAnywhere()) {
      const needsToken = token === undefined && one.anywhere.tokenless === undefined
      yield { name: one.name, ...(needsToken ? NEEDS_TOKEN : await this.#try(() => this.#replay(one))) }
    }
    yield {
      name: 'lists its actions',
      ...(token === undefined ? NEEDS_TOKEN : await this.#try(() => this.#listActions())),
    }
    if (execute) {
      const name = `executes '${execute.action}'`
      yield { name, ...(token === undefined ? NEEDS_TOKEN : await this.#try(() => this.#execute(execute))) }
    }
  }

  async #connect(): Promise<Outcome> {
    const { body } = await this.#exchange({ method: 'GET', path: '/api/', headers: { authorization: null } })
    this.#kind = (body as { type?: unknown } | null)?.type
    return { outcome: 'passed', seen: [] }
  }

  async #replay({ request, anywhere }: AnywhereCase): Promise<Outcome> {
    const seen = differences(anywhere.answer, answered(await this.#exchange(request)), 'answer', true)
    if (seen.length === 0) return { outcome: 'passed', seen }
    const known = this.#kind === 'jet_bridge' ? anywhere.jetBridge : undefined
    return known === undefined ? { outcome: 'failed', seen, fix: anywhere.fix } : { outcome: 'note', seen: [known] }
  }

  async #listActions(): Promise<Outcome> {
    const { status, body } = await this.#exchange({ message: ['get_action_list'] })
    this.#list = body
    const seen = status === 200 ? actionListProblems(body) : [`answer.status: expected 200, received ${status}`]
    if (seen.length === 0) return { outcome: 'passed', seen }
    const fix = 'Answer get_action_list with a JSON array of actions as the protocol describes them.'
    return { outcome: 'failed', seen, fix }
  }

  async #execute(execution: Execution): Promise<Outcome> {
    const request = executionRequest(execution, this.#list)
    if ('problem' in request) return { outcome: 'failed', seen: [request.problem], fix: request.fix }
    const { status, body } = await this.#exchange({ message: ['execute_action', request.params] })
    const answer = `${status} ${JSON.stringify(body)}`
    const seen = [answer.length > LONGEST_SHOWN ? `${answer.slice(0, LONGEST_SHOWN)}…` : answer]
    if (status >= 200 && status < 300) return { outcome: 'passed', seen }
    return { outcome: 'failed', seen, fix: 'Read the answer above: it is what the person in Jet Admin would see.' }
  }

  #exchange(request: Parameters<typeof exchange>[0]): Promise<Received> {
    return exchange(request, { ...this.#target, signal: AbortSignal.timeout(this.options.answerWithinMs) })
  }

  async #try(look: () => Promise<Outcome>): Promise<Outcome> {
    try {
      return await look()
    } catch (error) {
      return { outcome: 'failed', ...explainFailure(error, this.options.url, this.options.answerWithinMs) }
    }
  }
}

const NOT_SECURE: Finding = {
  name: 'is reached by https',
  outcome: 'failed',
  seen: ['Jet Admin is a page of https: a browser refuses its requests to http addresses, but for this machine’s own'],
  fix: 'Put the server behind TLS, and give Jet Admin its https address.',
}

/** A server may show in its answers what it was sent. */
function withoutToken(finding: Finding, token: string | undefined): Finding {
  if (token === undefined) return finding
  return { ...finding, seen: finding.seen.map((line) => line.replaceAll(token, '<token>')) }
}

/** What the cases' `/api` stands for: people paste the Messages URL, or something above it. */
function apiUrlOf({ origin, pathname }: URL): string {
  const path = pathname.replace(/\/+$/, '')
  if (path.endsWith('/messages')) return origin + path.slice(0, -'/messages'.length)
  return origin + (path === '' ? '/api' : path)
}
