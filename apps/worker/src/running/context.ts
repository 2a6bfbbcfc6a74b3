import type { BulkContext, HandlerContext, RecordId, RunInfo, RunUser } from '@flexaction/shared'
import type { Logger } from '@flexaction/shared/logging'
import {
  type Failure,
  readLogLine,
  readProgress,
  type ReadResult,
  readResult,
  readText,
  readWhy,
} from '../values/index.js'

/** How a bulk handler settles one id, read from what it gave. */
export type OneEnding =
  | { kind: 'succeeded'; result: ReadResult }
  | { kind: 'failed'; failure: Failure }
  | { kind: 'skipped'; message: string | undefined }

/** What a context asks of the call that it is for. It gets nothing that the handler gave as it was given. */
export interface Called {
  readonly signal: AbortSignal
  readonly attempt: number
  readonly runInfo: RunInfo
  readonly user: RunUser
  readonly idempotencyKey: string
  readonly logger: Logger
  log(line: string): void
  progress(percent: number): void
  settleOne(id: RecordId, ending: OneEnding): void
}

/**
 * What a handler gets. Its costly parts are made when they are asked for: a no-op handler pays for none of them.
 * Members may be taken out of it: `const { log, signal } = ctx`.
 */
export class CallContext implements HandlerContext {
  constructor(protected readonly call: Called) {}

  get signal(): AbortSignal {
    return this.call.signal
  }

  get attempt(): number {
    return this.call.attempt
  }

  get run(): RunInfo {
    return this.call.runInfo
  }

  get user(): RunUser {
    return this.call.user
  }

  get idempotencyKey(): string {
    return this.call.idempotencyKey
  }

  get logger(): Logger {
    return this.call.logger
  }

  get log(): (line: string) => void {
    return (line) => this.call.log(readLogLine(line))
  }

  get progress(): (percent: number) => void {
    return (percent) => {
      const read = readProgress(percent)
      if (read !== undefined) this.call.progress(read)
    }
  }
}

/** The context of a bulk call: items may be settled one by one. */
export class BulkCallContext extends CallContext implements BulkContext {
  get succeed(): (id: RecordId, result?: unknown) => void {
    return (id, result) => this.#settle(id, { kind: 'succeeded', result: readResult(result) })
  }

  get fail(): (id: RecordId, why: string | Error) => void {
    return (id, why) => this.#settle(id, { kind: 'failed', failure: readWhy(why) })
  }

  get skip(): (id: RecordId, why: string) => void {
    return (id, why) => this.#settle(id, { kind: 'skipped', message: readText(why) })
  }

  #settle(id: unknown, ending: OneEnding): void {
    this.call.settleOne(typeof id === 'number' ? id : (readText(id, 1_000) ?? 'undefined'), ending)
  }
}
