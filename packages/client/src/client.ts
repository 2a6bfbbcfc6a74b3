import type {
  ActionsView,
  FailuresView,
  HistorySpan,
  HistoryView,
  Item,
  ItemLogView,
  ItemState,
  RunInputView,
  RunState,
  RunView,
  ScaleView,
  SessionView,
  WireEntry,
  WorkerView,
} from '@flexaction/shared/views'
import { ApiError, readError } from './api-error.js'

export interface ClientOptions {
  /** Where the gateway is, without the API's prefix. Default: where the page came from. */
  baseUrl?: string
  /** The gateway's API_PREFIX. Default `/api`. */
  apiPrefix?: string
  /** Default: the session's cookie, which the browser sends by itself. */
  token?: string
  fetch?: typeof fetch
}

export interface RunFilter {
  action?: string | undefined
  state?: RunState | undefined
  user?: string | undefined
  model?: string | undefined
  /** An id: runs that this record was part of. */
  record?: string | undefined
  cursor?: string | undefined
  limit?: number | undefined
}

export interface RunPage {
  runs: RunView[]
  next?: string
}

export interface ItemFilter {
  state?: ItemState | undefined
  /** A part of the id or of the message. */
  search?: string | undefined
  /** The fingerprint of a failure, as {@link FlexActionClient.failures} has it. */
  failure?: string | undefined
  /** An id: this record alone. */
  record?: string | undefined
  /** A position, or the last page's `next`. */
  cursor?: string | number | undefined
  limit?: number | undefined
}

export interface ItemPage {
  items: Item[]
  next?: string
}

/** Which records to run on; none for collection and common actions. */
export type Selection = { ids: readonly (string | number)[] } | { allExcept: readonly (string | number)[] }

export interface Execution {
  name: string
  model?: string | undefined
  selection?: Selection | undefined
  form?: Record<string, unknown> | undefined
}

/** `run` is there unless the gateway has answered with the result alone. */
export interface ExecutionAnswer {
  status: number
  runId: string
  body: unknown
}

export interface OptionsQuestion {
  action: string
  field: string
  model?: string | undefined
  /** What was typed to find an option. */
  search?: string | undefined
  /** The form typed so far. */
  form?: Record<string, unknown>
}

export interface FieldOption {
  value: string | number | boolean
  name: string
  color?: string
}

export interface ListedRecord {
  id: string | number
  label: string
}

export interface RecordPage {
  records: ListedRecord[]
  next?: string
}

export type SteeringWord = 'cancel' | 'retry' | 'pause' | 'resume' | 'resume-listing'

/** Items of a run to retry: those that match all that is given, and that failed, were cancelled, or have expired. */
export interface RetryFilter {
  /** Ids of records, 10,000 at most. */
  items?: readonly (string | number)[] | undefined
  /** The fingerprint of a failure, as {@link FlexActionClient.failures} has it. */
  failure?: string | undefined
  state?: 'failed' | 'cancelled' | 'expired' | undefined
  /** A part of the id or of the message. */
  search?: string | undefined
}

type Query = Record<string, string | number | undefined>

/** The gateway's HTTP API. Every method throws an {@link ApiError} when the answer is no success. */
export class FlexActionClient {
  readonly #base: string
  readonly #token: string | undefined
  readonly #fetch: typeof fetch

  constructor({ baseUrl = '', apiPrefix = '/api', token, fetch: given }: ClientOptions = {}) {
    this.#base = baseUrl.replace(/\/$/, '') + apiPrefix
    this.#token = token
    // Browsers refuse a fetch that is called as a method of something else.
    this.#fetch = given ?? ((...args) => fetch(...args))
  }

  /** Who is logged in; `null`: nobody. */
  session(): Promise<SessionView | null> {
    return this.#get('/session')
  }

  login(token: string): Promise<SessionView> {
    return this.#send('POST', '/session', { token })
  }

  async logout(): Promise<void> {
    await this.#request('/session', { method: 'DELETE' })
  }

  actions(): Promise<ActionsView> {
    return this.#get('/actions')
  }

  async workers(): Promise<WorkerView[]> {
    return (await this.#get<{ workers: WorkerView[] }>('/workers')).workers
  }

  /** What the workers of a group, or all of them, have to do. */
  scale(group?: string): Promise<ScaleView> {
    return this.#get('/scale', { group })
  }

  history(span: HistorySpan, action?: string): Promise<HistoryView> {
    return this.#get('/history', { span, action })
  }

  /** Newest first. */
  runs(filter: RunFilter = {}, signal?: AbortSignal): Promise<RunPage> {
    return this.#get('/runs', { ...filter }, signal)
  }

  run(id: string): Promise<RunView> {
    return this.#get(`/runs/${encodeURIComponent(id)}`)
  }

  items(id: string, filter: ItemFilter = {}, signal?: AbortSignal): Promise<ItemPage> {
    return this.#get(`/runs/${encodeURIComponent(id)}/items`, { ...filter }, signal)
  }

  /** What was sent. `ids: 'all'`: with all ids, however many; else with the first thousand. */
  input(id: string, ids: 'first' | 'all' = 'first'): Promise<RunInputView> {
    return this.#get(`/runs/${encodeURIComponent(id)}/input`, { ids })
  }

  /** What handlers wrote for a record's batch; without a record, for the one item of a collection or common action. */
  log(id: string, record?: string): Promise<ItemLogView> {
    return this.#get(`/runs/${encodeURIComponent(id)}/log`, { record })
  }

  /** Where all outcomes can be downloaded as CSV. */
  csvUrl(id: string, filter: Pick<ItemFilter, 'state' | 'search' | 'failure'> = {}): string {
    return this.#url(`/runs/${encodeURIComponent(id)}/items.csv`, { ...filter })
  }

  steer(id: string, word: SteeringWord): Promise<RunView> {
    return this.#send('POST', `/runs/${encodeURIComponent(id)}/${word}`)
  }

  /** Reopens an ended run for some of its items. */
  retry(id: string, filter: RetryFilter): Promise<RunView> {
    return this.#send('POST', `/runs/${encodeURIComponent(id)}/retry`, filter)
  }

  /** Why records of a run failed, by cause. */
  failures(id: string): Promise<FailuresView> {
    return this.#get(`/runs/${encodeURIComponent(id)}/failures`)
  }

  /** The same over the newest runs of an action, or of all; `since`: ISO 8601. */
  failuresOfRuns(filter: { action?: string | undefined; since?: string | undefined } = {}): Promise<FailuresView> {
    return this.#get('/failures', filter)
  }

  /** Runs an action. `waitSeconds`: how long the answer may wait for the end; default 0. */
  async execute(execution: Execution, waitSeconds = 0): Promise<ExecutionAnswer> {
    const prefer = waitSeconds > 0 ? `wait=${waitSeconds}` : 'respond-async'
    const answer = await this.#message('execute_action', executionParams(execution), { prefer })
    return {
      status: answer.status,
      runId: answer.headers.get('x-run-id') ?? '',
      body: (await answer.json()) as unknown,
    }
  }

  async fieldOptions(question: OptionsQuestion): Promise<FieldOption[]> {
    return (await (await this.#message('get_field_options', question)).json()) as FieldOption[]
  }

  /** Records of a collection, as its workers list them. */
  records(
    collection: string,
    query: { search?: string | undefined; cursor?: string | undefined; limit?: number | undefined } = {},
    signal?: AbortSignal,
  ): Promise<RecordPage> {
    return this.#get(`/collections/${encodeURIComponent(collection)}/records`, query, signal)
  }

  /** The last messages with their answers, newest first. */
  async wire(): Promise<WireEntry[]> {
    return (await this.#get<{ entries: WireEntry[] }>('/wire')).entries
  }

  /** The stream of a run's events; `lastId` to hear only of what is newer. */
  async openRunEvents(id: string, lastId: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const headers = { accept: 'text/event-stream', ...(lastId !== '' && { 'last-event-id': lastId }) }
    const answer = await this.#request(`/runs/${encodeURIComponent(id)}/events`, { headers, signal, cache: 'no-store' })
    if (!answer.body) throw new ApiError(0, 'The answer has no body')
    return answer.body
  }

  #message(name: string, params: object, headers: Record<string, string> = {}): Promise<Response> {
    return this.#request('/messages/', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ name, params }),
    })
  }

  async #get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    const answer = await this.#request(path, { ...(signal && { signal }) }, query)
    return (await answer.json()) as T
  }

  async #send<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.#request(path, {
      method,
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    return (await answer.json()) as T
  }

  #url(path: string, query: Query = {}): string {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
    const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
    return this.#base + path + (search === '' ? '' : `?${search}`)
  }

  async #request(path: string, init: RequestInit, query: Query = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (this.#token !== undefined) headers.set('authorization', `Token ${this.#token}`)
    let answer: Response
    try {
      answer = await this.#fetch(this.#url(path, query), { ...init, headers })
    } catch (error) {
      if (init.signal?.aborted) throw error
      throw new ApiError(0, 'The gateway cannot be reached: check that it is running, and your network', 'unreachable')
    }
    if (!answer.ok) throw await readError(answer)
    return answer
  }
}

/** The params of an execute_action message. */
export function executionParams({ name, model, selection, form }: Execution): Record<string, unknown> {
  return {
    name,
    ...(model !== undefined && { model }),
    ...(selection && 'ids' in selection && { ids: selection.ids }),
    ...(selection && 'allExcept' in selection && { ids: selection.allExcept, inverseIds: true }),
    ...(form && { params: form }),
  }
}
