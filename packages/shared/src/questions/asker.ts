import { randomBytes } from 'node:crypto'
import { FlexActionError } from '../errors/index.js'
import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import type { Answer, StoredQuestion } from './messages.js'

export interface AskerOptions {
  redis: RedisClient
  subscriber: RedisClient
  keys: Keys
}

/** A list of questions that no worker takes goes away after this long, in ms. */
const LIST_KEPT_MS = 60_000
const TRY_AGAIN_SECONDS = 5

/**
 * Asks live workers things that must be known now: options of a field, records of a collection. Exactly one worker takes a
 * question. Unlike runs, questions are not kept: when time is up nobody answers any more.
 */
export class Asker {
  readonly #channel: string
  readonly #waiting = new Map<string, (answer: Answer) => void>()
  readonly #onMessage = (channel: string, message: string): void => {
    if (channel !== this.#channel) return
    const answer = JSON.parse(message) as Answer
    this.#waiting.get(answer.id)?.(answer)
  }

  constructor(private readonly options: AskerOptions) {
    this.#channel = options.keys.answers(randomBytes(6).toString('hex'))
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
   * The answer of a worker. Throws `unavailable` when none came within `withinMs`, field errors or `bad_request` for a
   * refusal (ActionError), `action_failed` for whatever else the worker's code threw.
   */
  async ask(topic: string, question: unknown, withinMs: number): Promise<unknown> {
    const { redis, keys } = this.options
    const id = randomBytes(12).toString('base64url')
    const stored: StoredQuestion = { id, replyTo: this.#channel, question }
    const list = keys.questions(topic)
    const answered = this.#answerTo(id, withinMs)
    try {
      await Promise.all([
        redis.set(keys.question(id), JSON.stringify(stored), 'PX', withinMs),
        redis.rpush(list, id),
        redis.pexpire(list, LIST_KEPT_MS),
      ])
      return read(await answered.promise)
    } finally {
      answered.giveUp()
    }
  }

  #answerTo(id: string, withinMs: number): { promise: Promise<Answer>; giveUp(): void } {
    let timer: NodeJS.Timeout | undefined
    const promise = new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, resolve)
      timer = setTimeout(() => {
        void this.options.redis.publish(this.options.keys.droppedQuestions, id).catch(() => undefined)
        const text = `No worker answered within ${withinMs / 1_000} s. Try again in a moment`
        reject(new FlexActionError('unavailable', text, { retryAfter: TRY_AGAIN_SECONDS }))
      }, withinMs)
    })
    // When sending the question fails, nobody waits for it.
    promise.catch(() => undefined)
    const giveUp = (): void => {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
    return { promise, giveUp }
  }
}

function read(answer: Answer): unknown {
  if ('value' in answer) return answer.value
  if ('failed' in answer) throw new FlexActionError('action_failed', 'The worker could not answer')
  const { fields, message } = answer.refused
  throw FlexActionError.fields(fields ?? { non_field_errors: [message] })
}
