import type { BulkContext, HandlerContext, RecordId, RunInfo, RunUser } from '@flexaction/shared'
import type { Logger } from '@flexaction/shared/logging'
import type { Call } from './call.js'

/**
 * What a handler gets. Its costly parts are made when they are asked for: a no-op handler pays for none of them.
 * Members may be taken out of it: `const { log, signal } = ctx`.
 */
export class CallContext implements HandlerContext {
  constructor(protected readonly call: Call) {}

  get signal(): AbortSignal {
    return this.call.signal
  }

  get attempt(): number {
    return this.call.attempt
  }

  get run(): RunInfo {
    return this.call.batch.runInfo
  }

  get user(): RunUser {
    return this.call.batch.user
  }

  get idempotencyKey(): string {
    return this.call.batch.idempotencyKey(this.call)
  }

  get logger(): Logger {
    return this.call.batch.loggerFor(this.call)
  }

  get log(): (line: string) => void {
    return (line) => this.call.batch.log(line)
  }

  get progress(): (percent: number) => void {
    return (percent) => this.call.batch.progress(this.call, percent)
  }
}

/** The context of a bulk call: items may be settled one by one. */
export class BulkCallContext extends CallContext implements BulkContext {
  get succeed(): (id: RecordId, result?: unknown) => void {
    return (id, result) => this.call.batch.settleOne(this.call, id, { kind: 'succeeded', result })
  }

  get fail(): (id: RecordId, why: string | Error) => void {
    return (id, why) => this.call.batch.settleOne(this.call, id, { kind: 'failed', why })
  }

  get skip(): (id: RecordId, why: string) => void {
    return (id, why) => this.call.batch.settleOne(this.call, id, { kind: 'skipped', why })
  }
}
