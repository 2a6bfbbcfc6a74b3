import { ActionError, type FileResult, result } from '@flexaction/shared'
import type { Logger } from '@flexaction/shared/logging'
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Call } from '../running/call.js'
import { errorOf, type ReadResult } from '../values/index.js'
import type { Envelope, Said, SentResult, Told } from './messages.js'

const MAIN = fileURLToPath(new URL('isolated-main.js', import.meta.url))

/** Makes processes for calls that may end theirs. */
export class Isolation {
  constructor(private readonly logger: Logger) {}

  /** A process that calls the handler of one action. It loads the actions that this worker's environment names. */
  spawn(identity: string): IsolatedProcess {
    return new IsolatedProcess(fork(MAIN, [identity], { serialization: 'advanced' }), this.logger)
  }
}

/** The process ended during a call, and had made other calls before: one of them may have ended it, so this one is made again. */
export class EndedByOthers extends Error {
  override readonly name = 'EndedByOthers'
}

/** A process of its own for one call at a time: a handler that ends it fails alone. */
export class IsolatedProcess {
  /** Resolves when it has loaded the actions, or has ended. */
  readonly ready: Promise<void>
  #isReady!: () => void
  #calls = 0
  #calling: { call: Call; resolve(result: unknown): void; reject(error: unknown): void } | undefined
  #alive = true

  constructor(
    private readonly child: ChildProcess,
    private readonly logger: Logger,
  ) {
    this.ready = new Promise((resolve) => {
      this.#isReady = resolve
    })
    child.on('message', (message: Partial<Envelope> | null) => {
      if (typeof message === 'object' && message?.flexaction) this.#hear(message.flexaction)
    })
    child.on('error', (error) => this.logger.warn({ err: error }, 'the process of isolated calls reported an error'))
    child.on('exit', (code, signal) => this.#died(code, signal))
  }

  /** It lives, and no call is going on. */
  get isFree(): boolean {
    return this.#alive && this.#calling === undefined
  }

  /**
   * Calls the handler there. Rejects with a refusal, which is final, when that ends the process; with {@link EndedByOthers} when an
   * earlier call may have.
   */
  call(call: Call): Promise<unknown> {
    this.#calls++
    return new Promise((resolve, reject) => {
      this.#calling = { call, resolve, reject }
      this.#tell({
        kind: 'call',
        ...call.input,
        attempt: call.attempt,
        idempotencyKey: call.idempotencyKey,
        run: call.runInfo,
        user: call.user,
        secretFields: call.secretFields,
      })
      call.signal.addEventListener('abort', () =>
        this.#tell({ kind: 'abort', reason: String(call.abortReason?.message) }),
      )
    })
  }

  kill(): void {
    this.#calling = undefined
    this.child.kill('SIGKILL')
  }

  #tell(told: Told): void {
    if (this.#alive) this.child.send(told, () => undefined)
  }

  #hear(said: Said): void {
    if (said.kind === 'ready') this.#isReady()
    const calling = this.#calling
    if (!calling || said.kind === 'ready') return
    const { call } = calling
    if (said.kind === 'log') call.log(said.line)
    else if (said.kind === 'progress') call.progress(said.percent)
    else if (said.kind === 'succeeded') call.settleOne(said.id, { kind: 'succeeded', result: received(said.result) })
    else if (said.kind === 'settled') call.settleOne(said.id, said.ending)
    else {
      this.#calling = undefined
      if (said.kind === 'threw') calling.reject(errorOf(said.failure))
      else if (said.result.kind === 'failed') calling.reject(errorOf(said.result.failure))
      else if (said.result.kind === 'file') calling.resolve(fileOf(said.result))
      else calling.resolve(said.result.kind === 'json' ? JSON.parse(said.result.json) : undefined)
    }
  }

  #died(code: number | null, signal: NodeJS.Signals | null): void {
    this.#alive = false
    this.#isReady()
    const calling = this.#calling
    this.#calling = undefined
    const how = signal ? `signal ${signal}` : `exit code ${code}`
    if (this.#calls > 1) calling?.reject(new EndedByOthers(how))
    calling?.reject(
      new ActionError(`its handler ended the worker process (${how}), repeatedly; it is not called again`),
    )
  }
}

function received(sent: SentResult): ReadResult {
  return sent.kind === 'file' ? { kind: 'file', options: fileOf(sent).options } : sent
}

function fileOf({ name, type, content }: SentResult & { kind: 'file' }): FileResult {
  return result.file({ name, content, ...(type !== undefined && { type }) })
}
