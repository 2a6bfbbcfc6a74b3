import type { RunUser } from '../definitions/context.js'

/** Asked of a collection: a page of its records. The answer is a RecordPage. */
export interface RecordsRequest {
  cursor?: string
  limit: number
  search?: string
}

export function collectionTopic(collection: string): string {
  return `collection ${collection}`
}

/** Asked of an action: the options of one of its fields. The answer is a list of options. */
export interface OptionsRequest {
  field: string
  /** The values that were typed so far, but for secret ones. */
  form: Readonly<Record<string, unknown>>
  search?: string
  /** {@link SealedQuestion}, encrypted. */
  sealed?: string
  user: RunUser
}

/** What a question holds that is secret. */
export interface SealedQuestion {
  /** Values that were typed so far. */
  form?: Readonly<Record<string, unknown>>
  /** What was typed to find an option of a secret field. */
  search?: string
}

export function optionsTopic(identity: string): string {
  return `options ${identity}`
}

/** Asked of a message handler that is not run through a queue: get_action_list. */
export interface MessageRequest {
  params: Readonly<Record<string, unknown>>
  user: RunUser
}

export function messageTopic(name: string): string {
  return `message ${name}`
}
