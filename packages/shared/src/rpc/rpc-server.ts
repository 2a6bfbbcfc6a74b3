import { ActionError } from '../definitions/action-error.js'
import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import type { RpcRequest, RpcResponse } from './messages.js'

/** Answers a request; `signal` aborts when nobody waits for the response any more. */
export type Answer = (payload: unknown, signal: AbortSignal) => unknown

export interface RpcServerOptions {
  redis: RedisClient
  subscriber: RedisClient
  keys: Keys
  /** This worker's id: requests are sent to it. */
  worker: string
  /** By topic. */
  answers: ReadonlyMap<string, Answer>
  onError(error: unknown): void
}

/** Requests at once in one process; beyond it they are left unanswered, and the gateway asks another worker. */
const AT_ONCE = 50
/** Largest response, in characters. */
const MOST_CHARACTERS = 4_000_000

/** Answers the requests that gateways send to this worker, beside its handlers. */
export class RpcServer {
  readonly #channel: string
  #answering = 0
  readonly #stopping = new AbortController()
  readonly #onMessage = (channel: string, message: string): void => {
    if (channel === this.#channel) void this.#answer(JSON.parse(message) as RpcRequest)
  }

  constructor(private readonly options: RpcServerOptions) {
    this.#channel = options.keys.requestsTo(options.worker)
  }

  async start(): Promise<void> {
    const { answers, subscriber } = this.options
    if (answers.size === 0) return
    subscriber.on('message', this.#onMessage)
    await subscriber.subscribe(this.#channel)
  }

  /** Takes no more requests, and tells what is being answered to stop. */
  quiet(): void {
    this.options.subscriber.off('message', this.#onMessage)
    this.#stopping.abort(new Error('the worker is shutting down'))
  }

  async #answer({ id, replyTo, topic, withinMs, payload }: RpcRequest): Promise<void> {
    const { redis, answers, onError } = this.options
    const answer = answers.get(topic)
    if (!answer || this.#answering >= AT_ONCE) return
    this.#answering++
    const timeout = AbortSignal.timeout(withinMs)
    const signal = AbortSignal.any([this.#stopping.signal, timeout])
    try {
      // A function that does not heed its signal must not keep its place.
      const response = await Promise.race([this.#find(id, payload, signal, answer), whenAborted(id, signal, timeout)])
      if (response) await redis.publish(replyTo, response)
    } catch (error) {
      onError(error)
    } finally {
      this.#answering--
    }
  }

  /** The response as JSON. One that JSON cannot hold is a failure like others. */
  async #find(id: string, payload: unknown, signal: AbortSignal, answer: Answer): Promise<string> {
    const pack = (response: RpcResponse): string => JSON.stringify(response)
    try {
      const packed = pack({ id, value: (await answer(payload, signal)) ?? null })
      if (packed.length <= MOST_CHARACTERS) return packed
      throw new Error(`the response is too large: ${packed.length} characters, at most ${MOST_CHARACTERS} are sent`)
    } catch (error) {
      if (ActionError.is(error))
        return pack({ id, refused: { message: String(error.message), ...(error.fields && { fields: error.fields }) } })
      if (!signal.aborted) this.options.onError(error)
      return pack({ id, failed: true })
    }
  }
}

/** The response when time is up; none when the worker stops. */
function whenAborted(id: string, signal: AbortSignal, timeout: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const done = (): void =>
      resolve(timeout.aborted ? JSON.stringify({ id, timedOut: true } satisfies RpcResponse) : undefined)
    if (signal.aborted) done()
    else signal.addEventListener('abort', done, { once: true })
  })
}
