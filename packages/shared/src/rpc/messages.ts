import type { FieldMessages } from '../errors/index.js'

/** A request to a worker. */
export interface RpcRequest {
  id: string
  /** The channel on which the response is waited for. */
  replyTo: string
  topic: string
  /** How long the response is waited for, in ms. */
  withinMs: number
  payload: unknown
}

/** What became of it. A refusal's text is for the person who asked; what else went wrong is in the worker's log. */
export type RpcResponse = { id: string } & (
  { value: unknown } | { refused: { message: string; fields?: FieldMessages } } | { failed: true } | { timedOut: true }
)
