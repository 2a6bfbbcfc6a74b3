import { ActionError, type FileResult, result } from '@flexaction/shared'
import type { Logger } from '@flexaction/shared/logging'
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Call } from '../running/call.js'
import type { Said, Thrown, Told, WholeFile } from './messages.js'

const MAIN = fileURLToPath(new URL('isolated-main.js', import.meta.url))

/** Makes processes for calls that may end theirs. */
export class Isolation {
  constructor(private readonly logger: Logger) {}

  /** A process that calls the handler of one action. It loads the actions that this worker's environment names. */
  spawn(identity: string): IsolatedProcess {
    return new IsolatedProcess(fork(MAIN, [identity], { serialization: 'advanced' }), this.logger)
  }
}

/** A process of its own for one call at a time: a handler that ends it fails alone. */
export class IsolatedProcess {
  #calling: { call: Call; resolve(result: unknown): void; reject(error: Error): void } | undefined
  #alive = true

  constructor(
    private readonly child: ChildProcess,
    private readonly logger: Logger,
  ) {
    child.on('message', (said: Said) => this.#hear(said))
    child.on('error', (error) => this.logger.warn({ err: error }, 'the process of isolated calls reported an error'))
    child.on('exit', (code, signal) => this.#died(code, signal))
  }

  /** It lives, and no call is going on. */
  get isFree(): boolean {
    return this.#alive && this.#calling === undefined
  }

  /** Calls the handler there. Rejects with a refusal, which is final, when that ends the process. */
  call(call: Call): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#calling = { call, resolve, reject }
      this.#tell({
        kind: 'call',
        ...call.input,
        attempt: call.attempt,
        idempotencyKey: call.idempotencyKey,
        run: call.runInfo,
        user: call.user,
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
    const calling = this.#calling
    if (!calling) return
    const { call } = calling
    if (said.kind === 'log') call.log(said.line)
    else if (said.kind === 'progress') call.progress(said.percent)
    else if (said.kind === 'succeeded') call.settleOne(said.id, { kind: 'succeeded', result: parse(said.json) })
    else if (said.kind === 'succeeded with a file') call.settleOne(said.id, { kind: 'succeeded', result: fileOf(said) })
    else if (said.kind === 'skipped') call.settleOne(said.id, { kind: 'skipped', why: said.why })
    else if (said.kind === 'failed') {
      const why = typeof said.why === 'string' ? said.why : toError(said.why)
      call.settleOne(said.id, { kind: 'failed', why })
    } else {
      this.#calling = undefined
      if (said.kind === 'returned') calling.resolve(parse(said.json))
      else if (said.kind === 'returned file') calling.resolve(fileOf(said))
      else calling.reject(toError(said.error))
    }
  }

  #died(code: number | null, signal: NodeJS.Signals | null): void {
    this.#alive = false
    const calling = this.#calling
    this.#calling = undefined
    const how = signal ? `signal ${signal}` : `exit code ${code}`
    calling?.reject(
      new ActionError(`its handler ended the worker process (${how}), repeatedly; it is not called again`),
    )
  }
}

function fileOf({ name, type, content }: WholeFile): FileResult {
  return result.file({ name, content, ...(type !== undefined && { type }) })
}

function parse(json: string): unknown {
  return json === '' ? undefined : JSON.parse(json)
}

function toError({ message, stack, refusal }: Thrown): Error {
  const error = refusal ? new ActionError(refusal.fields ?? message) : new Error(message)
  if (stack !== undefined) error.stack = stack
  return error
}
