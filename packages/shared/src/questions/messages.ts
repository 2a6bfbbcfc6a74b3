import type { FieldMessages } from '../errors/index.js'

/** A question as it is stored for whichever worker takes it. */
export interface StoredQuestion {
  id: string
  /** The channel on which the answer is waited for. */
  replyTo: string
  question: unknown
}

/** What became of it. A refusal's text is for the person who asked; what else went wrong is in the worker's log. */
export type Answer =
  | { id: string; value: unknown }
  | { id: string; refused: { message: string; fields?: FieldMessages } }
  | { id: string; failed: true }
