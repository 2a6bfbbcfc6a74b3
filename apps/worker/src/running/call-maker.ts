import type { FileStore } from '@flexaction/shared/files'
import { asPromise, readResult, readThrown, type ReadResult } from '../values/index.js'
import { type Call, Cancellation, Interruption } from './call.js'
import { invokeHandler } from './invoke-handler.js'
import { maskFailure, maskResult } from './mask-values.js'
import type { RunnableAction } from './runnable-action.js'

/** Calls handlers, and settles what comes of it: what they return and throw passes the door (values/) here. */
export class CallMaker {
  constructor(
    private readonly action: RunnableAction,
    private readonly files: Pick<FileStore, 'store'>,
  ) {}

  /**
   * Makes a call; a promise if that takes longer than this very moment. `invoke`: calls the handler somewhere else. Never
   * throws or rejects: whatever the handler does is settled.
   */
  make(call: Call, invoke?: () => unknown): Promise<void> | undefined {
    call.batch.begin(call)
    let returned: unknown
    try {
      returned = invoke ? invoke() : invokeHandler(this.action, call.input, call)
    } catch (thrown) {
      if (call.storing) return this.#failLater(call, thrown)
      this.#fail(call, thrown)
      return undefined
    }
    const promise = asPromise(returned)
    if (promise) return this.#await(call, promise)
    const result = maskResult(readResult(returned), call.batch.form.mask)
    if (result.kind === 'file' || call.storing) return this.#succeedLater(call, result)
    call.batch.succeed(call, result)
    return undefined
  }

  async #await(call: Call, promise: Promise<unknown>): Promise<void> {
    let result: ReadResult
    try {
      result = maskResult(readResult(await call.race(promise)), call.batch.form.mask)
    } catch (thrown) {
      return await this.#failLater(call, thrown)
    }
    if (result.kind === 'file' || call.storing) await this.#succeedLater(call, result)
    else call.batch.succeed(call, result)
  }

  /** Files are stored first: that of the call, and those of single ids. */
  async #succeedLater(call: Call, result: ReadResult): Promise<void> {
    try {
      if (call.storing) await call.filesStored()
      if (result.kind !== 'file') return call.batch.succeed(call, result)
      const stored = await call.race(this.files.store(result.options))
      call.batch.succeed(call, { kind: 'json', json: JSON.stringify(stored) })
    } catch (thrown) {
      await this.#failLater(call, thrown)
    }
  }

  /** Files that the handler gave to single ids are theirs, whatever it threw later. */
  async #failLater(call: Call, thrown: unknown): Promise<void> {
    // A call that is told to stop meanwhile is seen below.
    if (call.storing && !call.abortReason) await call.filesStored().catch(() => undefined)
    this.#fail(call, thrown)
  }

  #fail(call: Call, thrown: unknown): void {
    const { batch, abortReason } = call
    if (abortReason instanceof Interruption) batch.leaveOpen(call)
    else if (abortReason instanceof Cancellation) batch.cancel(call)
    else batch.fail(call, maskFailure(readThrown(abortReason ?? thrown), batch.form.mask))
  }
}
