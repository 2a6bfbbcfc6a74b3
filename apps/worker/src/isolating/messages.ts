import type { RecordId, Role } from '@flexaction/shared'

/** What the process of isolated calls is told. Sent with structured clones: dates stay dates. */
export type Told =
  | {
      kind: 'call'
      ids: readonly (RecordId | null)[]
      params: Record<string, unknown>
      attempt: number
      idempotencyKey: string
      run: { id: string; action: string; model: string | undefined; createdAt: Date }
      user: { name: string; role: Role }
    }
  | { kind: 'abort'; reason: string }

/** A thrown error, taken apart; `fields` is there for a refusal, null when it is not about fields. */
export interface Thrown {
  message: string
  stack: string | undefined
  refusal?: { fields: Readonly<Record<string, readonly string[]>> | null }
}

/** A file that a handler made, read to its end. */
export interface WholeFile {
  name: string
  type: string | undefined
  content: Uint8Array
}

/** What it says. */
export type Said =
  | { kind: 'returned'; json: string }
  | ({ kind: 'returned file' } & WholeFile)
  | { kind: 'threw'; error: Thrown }
  | { kind: 'log'; line: string }
  | { kind: 'progress'; percent: number }
  | { kind: 'succeeded'; id: RecordId; json: string }
  | ({ kind: 'succeeded with a file'; id: RecordId } & WholeFile)
  | { kind: 'failed'; id: RecordId; why: string | Thrown }
  | { kind: 'skipped'; id: RecordId; why: string }
