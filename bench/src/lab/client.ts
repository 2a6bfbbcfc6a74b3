import { setTimeout as pause } from 'node:timers/promises'
import { Pool } from 'undici'

export interface Answer {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  text: string
}

export interface RunBody {
  id: string
  state: string
  total: number
  counts: Record<string, number>
  createdAt: string
  startedAt?: string
  finishedAt?: string
}

/** Longest that the gateway waits for the end of a run before it answers, in s (WAIT_MAX). */
const WAIT_SECONDS = 30

/** Speaks to a gateway over kept connections, as a browser does. */
export class Client {
  readonly #pool: Pool

  constructor(
    readonly origin: string,
    readonly token: string,
  ) {
    this.#pool = new Pool(origin, { connections: 128, pipelining: 1, headersTimeout: 300_000, bodyTimeout: 300_000 })
  }

  async get(path: string): Promise<Answer> {
    return this.#send({ method: 'GET', path })
  }

  /** Sends a message; `body` may be given ready, so that making it is not measured. */
  async message(body: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#send({
      method: 'POST',
      path: '/api/messages/',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    })
  }

  /** Begins a run and does not wait for its end. Returns its id. */
  async begin(params: object): Promise<string> {
    return this.beginWith(executeAction(params))
  }

  async beginWith(body: string): Promise<string> {
    const answer = await this.message(body, { prefer: 'respond-async' })
    if (answer.status !== 202) throw new Error(`expected 202, received ${answer.status}: ${answer.text.slice(0, 500)}`)
    return String(answer.headers['x-run-id'])
  }

  /** A whole run, from its request to its end. Throws unless every item succeeded. */
  async runToEnd(body: string): Promise<RunBody> {
    const answer = await this.message(body, { prefer: `wait=${WAIT_SECONDS}` })
    if (answer.status > 202) throw new Error(`received ${answer.status}: ${answer.text.slice(0, 500)}`)
    return this.ended(String(answer.headers['x-run-id']))
  }

  async run(id: string): Promise<RunBody> {
    return JSON.parse((await this.get(`/api/runs/${id}`)).text) as RunBody
  }

  async ended(id: string, everyMs = 20): Promise<RunBody> {
    for (;;) {
      const run = await this.run(id)
      if (run.finishedAt !== undefined) {
        if (run.state !== 'succeeded') throw new Error(`run ${id} ended as ${run.state}: ${JSON.stringify(run)}`)
        return run
      }
      await pause(everyMs)
    }
  }

  async untilReady(): Promise<void> {
    for (let tries = 0; (await this.get('/readyz')).status !== 200; tries++) {
      if (tries > 500) throw new Error('the gateway does not become ready')
      await pause(20)
    }
  }

  async close(): Promise<void> {
    await this.#pool.close()
  }

  async #send(request: {
    method: 'GET' | 'POST'
    path: string
    body?: string
    headers?: Record<string, string>
  }): Promise<Answer> {
    const { statusCode, headers, body } = await this.#pool.request({
      ...request,
      headers: { authorization: `Token ${this.token}`, ...request.headers },
    })
    return { status: statusCode, headers, text: await body.text() }
  }
}

export function executeAction(params: object): string {
  return JSON.stringify({ name: 'execute_action', params })
}

/** From the first item's start to the last one's end, in ms. */
export function workedMs({ startedAt, finishedAt }: RunBody): number {
  return Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '')
}
