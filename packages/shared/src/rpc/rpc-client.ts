import { randomBytes } from 'node:crypto'
import { FlexActionError } from '../errors/index.js'
import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import type { RpcRequest, RpcResponse } from './messages.js'

export interface RpcClientOptions {
  redis: RedisClient
  subscriber: RedisClient
  keys: Keys
}

/** A worker that has not answered by this part of the time is passed over: another one is asked as well. */
const ASK_ANOTHER_AFTER = 0.4
const TRY_AGAIN_SECONDS = 5

/**
 * Sends requests to live workers, for what must be known now: options of a field, records of a collection. Unlike runs, requests
 * are not kept: when time is up nobody answers any more.
 */
export class RpcClient {
  readonly #channel: string
  readonly #waiting = new Map<string, (response: RpcResponse) => void>()
  #requests = 0
  readonly #onMessage = (channel: string, message: string): void => {
    if (channel !== this.#channel) return
    const response = JSON.parse(message) as RpcResponse
    this.#waiting.get(response.id)?.(response)
  }

  constructor(private readonly options: RpcClientOptions) {
    this.#channel = options.keys.responsesTo(randomBytes(6).toString('hex'))
  }

  async start(): Promise<void> {
    this.options.subscriber.on('message', this.#onMessage)
    await this.options.subscriber.subscribe(this.#channel)
  }

  stop(): void {
    this.options.subscriber.off('message', this.#onMessage)
    this.#waiting.clear()
  }

  /**
   * The response of one of these workers, who are asked in turn. Throws `unavailable` when none came within `withinMs`, field
   * errors for a refusal (ActionError), `action_failed` for whatever else the worker's code threw.
   */
  async request(topic: string, payload: unknown, withinMs: number, workers: readonly string[]): Promise<unknown> {
    if (workers.length === 0)
      throw new FlexActionError('unavailable', 'No worker could answer: none is running', {
        retryAfter: TRY_AGAIN_SECONDS,
      })
    const id = randomBytes(12).toString('base64url')
    const request: RpcRequest = { id, replyTo: this.#channel, topic, withinMs, payload }
    const message = JSON.stringify(request)
    const first = this.#requests++
    const send = async (at: number): Promise<void> => {
      const worker = workers[(first + at) % workers.length]
      if (worker !== undefined) await this.options.redis.publish(this.options.keys.requestsTo(worker), message)
    }
    let another: NodeJS.Timeout | undefined
    let timeout: NodeJS.Timeout | undefined
    try {
      const response = new Promise<RpcResponse>((resolve, reject) => {
        this.#waiting.set(id, resolve)
        timeout = setTimeout(() => reject(tooLate(withinMs)), withinMs)
        if (workers.length > 1)
          another = setTimeout(() => void send(1).catch(() => undefined), withinMs * ASK_ANOTHER_AFTER)
        send(0).catch(reject)
      })
      return read(await response, withinMs)
    } finally {
      clearTimeout(another)
      clearTimeout(timeout)
      this.#waiting.delete(id)
    }
  }
}

function tooLate(withinMs: number): FlexActionError {
  const text = `No worker answered within ${withinMs / 1_000} s. Try again in a moment`
  return new FlexActionError('unavailable', text, { retryAfter: TRY_AGAIN_SECONDS })
}

function read(response: RpcResponse, withinMs: number): unknown {
  if ('value' in response) return response.value
  if ('timedOut' in response) throw tooLate(withinMs)
  if ('failed' in response) throw new FlexActionError('action_failed', 'The worker could not answer')
  const { fields, message } = response.refused
  throw FlexActionError.fields(fields ?? { non_field_errors: [message] })
}
