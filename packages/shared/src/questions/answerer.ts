import { ActionError } from '../definitions/action-error.js'
import { connect, type RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import type { Answer, StoredQuestion } from './messages.js'

/** Answers a question; `signal` aborts when nobody waits for the answer any more. */
export type AnswerQuestion = (question: unknown, signal: AbortSignal) => unknown

export interface AnswererOptions {
  redis: RedisClient
  subscriber: RedisClient
  keys: Keys
  redisUrl: string
  /** By topic. */
  answers: ReadonlyMap<string, AnswerQuestion>
  onError(error: unknown): void
}

/** One wait for a question, in seconds; a connection that says nothing for longer is dead. */
const WAIT_S = 2
const DEAD_AFTER_MS = 4_000
const PAUSE_AFTER_ERROR_MS = 500
/** Questions at once in one process. */
const AT_ONCE = 50

/** Takes questions about this worker's topics, and answers them, beside its handlers. */
export class Answerer {
  readonly #answering = new Map<string, AbortController>()
  #blocking: RedisClient | undefined
  #stopped = false
  #loop: Promise<void> | undefined
  readonly #onMessage = (channel: string, id: string): void => {
    if (channel === this.options.keys.droppedQuestions)
      this.#answering.get(id)?.abort(new Error('nobody waits for the answer any more'))
  }

  constructor(private readonly options: AnswererOptions) {}

  async start(): Promise<void> {
    const { answers, subscriber, keys, redisUrl } = this.options
    if (answers.size === 0) return
    subscriber.on('message', this.#onMessage)
    await subscriber.subscribe(keys.droppedQuestions)
    this.#blocking = connect(redisUrl, { name: 'worker questions', whenAway: 'wait' })
    this.#blocking.on('error', () => undefined) // the worker's main connection says so
    this.#loop = this.#takeQuestions(this.#blocking)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.options.subscriber.off('message', this.#onMessage)
    for (const controller of this.#answering.values()) controller.abort(new Error('the worker is shutting down'))
    this.#blocking?.disconnect()
    await this.#loop
  }

  async #takeQuestions(blocking: RedisClient): Promise<void> {
    const topics = new Map(
      [...this.options.answers].map(([topic, answer]) => [this.options.keys.questions(topic), answer]),
    )
    while (!this.#stopped) {
      try {
        const taken = this.#answering.size < AT_ONCE ? await popWithin(blocking, [...topics.keys()]) : await pause(20)
        const answer = taken && topics.get(taken[0])
        if (taken && answer) void this.#answer(taken[1], answer)
      } catch (error) {
        if (this.#stopped) return
        this.options.onError(error)
        await pause(PAUSE_AFTER_ERROR_MS)
      }
    }
  }

  async #answer(id: string, answerQuestion: AnswerQuestion): Promise<void> {
    const { redis, keys, onError } = this.options
    const controller = new AbortController()
    this.#answering.set(id, controller)
    try {
      const stored = await redis.getdel(keys.question(id))
      // Its time was up before anybody came.
      if (stored === null) return
      const { replyTo, question } = JSON.parse(stored) as StoredQuestion
      await redis.publish(replyTo, await this.#find(id, question, controller.signal, answerQuestion))
    } catch (error) {
      onError(error)
    } finally {
      this.#answering.delete(id)
    }
  }

  /** The answer as JSON. One that JSON cannot hold is a failure like others. */
  async #find(id: string, question: unknown, signal: AbortSignal, answerQuestion: AnswerQuestion): Promise<string> {
    const tell = (answer: Answer): string => JSON.stringify(answer)
    try {
      return tell({ id, value: (await answerQuestion(question, signal)) ?? null })
    } catch (error) {
      if (ActionError.is(error))
        return tell({ id, refused: { message: error.message, ...(error.fields && { fields: error.fields }) } })
      if (!signal.aborted) this.options.onError(error)
      return tell({ id, failed: true })
    }
  }
}

async function popWithin(redis: RedisClient, lists: string[]): Promise<[string, string] | null> {
  const dead = setTimeout(() => redis.disconnect(true), DEAD_AFTER_MS)
  try {
    return await redis.blpop(lists, WAIT_S)
  } finally {
    clearTimeout(dead)
  }
}

function pause(ms: number): Promise<null> {
  return new Promise((resolve) => setTimeout(() => resolve(null), ms))
}
