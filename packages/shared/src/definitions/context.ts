import type { Logger } from 'pino'

/** A record's id, as the request sent it: `5` and `"5"` stay what they were. */
export type RecordId = string | number

/** The person who pressed the button. */
export interface RunUser {
  readonly name: string
  readonly role: Role
  /** Groups that the person was a member of when the run was accepted. */
  readonly groups: readonly string[]
}

/** What a caller may do: viewer < operator < admin. */
export type Role = 'viewer' | 'operator' | 'admin'

/** What a handler may know of its run. */
export interface RunInfo {
  readonly id: string
  readonly action: string
  /** The collection that the request named; absent for common actions. */
  readonly model: string | undefined
  readonly createdAt: Date
}

/** What every handler gets besides its ids and params. */
export interface HandlerContext {
  /** Aborts on timeout, cancel, shutdown, and when another worker has taken the batch over. Pass it to what you await. */
  readonly signal: AbortSignal
  /** 1 for the first call for this item, 2 for its first retry, and so on. */
  readonly attempt: number
  readonly run: RunInfo
  readonly user: RunUser
  /** Stable for this item (for bulk: for this call's batch) over attempts and crashes: give it to whatever must happen only once. */
  readonly idempotencyKey: string
  /** Writes to the worker's log, with run, item and attempt attached. */
  readonly logger: Logger
  /** Adds a line to the batch's log in the queue dashboard. */
  log(line: string): void
  /** Says how far this call is, 0 to 100. Stored at most ten times a second; never awaited. */
  progress(percent: number): void
}

/** What a bulk handler gets on top: it may settle ids one by one. Ids it leaves unsettled succeed when it returns. */
export interface BulkContext extends HandlerContext {
  succeed(id: RecordId, result?: unknown): void
  /** A text is final; an Error is treated as if the handler had thrown it for this id: retried as declared. */
  fail(id: RecordId, why: string | Error): void
  skip(id: RecordId, why: string): void
}
