import type { RecordId, RunInfo, RunUser } from '@flexaction/shared'
import type { OneEnding } from '../running/context.js'
import type { Failure } from '../values/index.js'

/** What the process of isolated calls is told. Sent with structured clones: dates stay dates. */
export type Told =
  | {
      kind: 'call'
      ids: readonly (RecordId | null)[]
      params: Record<string, unknown>
      attempt: number
      idempotencyKey: string
      run: RunInfo
      user: RunUser
      /** Params whose values are secret. */
      secretFields: readonly string[]
    }
  | { kind: 'abort'; reason: string }

/** A file that a handler made, read to its end. */
export interface WholeFile {
  name: string
  type: string | undefined
  content: Uint8Array
}

/** What a handler returned, or gave for one id, as plain data. */
export type SentResult =
  | { kind: 'nothing' }
  | { kind: 'json'; json: string }
  | { kind: 'failed'; failure: Failure }
  | ({ kind: 'file' } & WholeFile)

/** What it says. A handler may send messages of its own to its parent: ours are told by their envelope. */
export interface Envelope {
  flexaction: Said
}

/** `ready`: it has loaded the actions. */
export type Said =
  | { kind: 'ready' }
  | { kind: 'returned'; result: SentResult }
  | { kind: 'threw'; failure: Failure }
  | { kind: 'log'; line: string }
  | { kind: 'progress'; percent: number }
  | { kind: 'succeeded'; id: RecordId; result: SentResult }
  | { kind: 'settled'; id: RecordId; ending: Exclude<OneEnding, { kind: 'succeeded' }> }
