import type { Duration } from '../config/duration.js'
import type { HandlerContext } from './context.js'
import type { Respond, RetryPolicy } from './define-action.js'
import type { Permission } from './permission.js'

/** Answers a message: gets its params as they were sent, returns what is answered. */
export type MessageHandler = (params: Readonly<Record<string, unknown>>, ctx: HandlerContext) => unknown

export interface MessageOptions {
  /**
   * The message's name: 1 to 100 letters, digits, `_`, `-` and `.`. `execute_action` is called for actions that are not
   * defined otherwise, and `get_action_list` adds entries to those of the defined ones: it is asked, and makes no run.
   */
  name: string
  handle: MessageHandler
  /** Lowest role that may send it, or `{ groups: […] }`. Default `operator`; for get_action_list everybody. */
  permission?: Permission
  /** Names of params whose values are secrets: stored encrypted, given to the handler alone, and shown nowhere. Default: none. */
  secretParams?: readonly string[]
  retry?: RetryPolicy
  /** Longest time of one call. Default 5 min. */
  timeout?: Duration
  /** Default: wait up to 5 s for the end, then answer with the run's address. */
  respond?: Respond
}

const MESSAGE = Symbol.for('flexaction.message')
const ADDED = Symbol.for('flexaction.addedMessages')

/** A declared message. Made by {@link defineMessage} and {@link addMessageHandler} only. */
export interface MessageDefinition {
  readonly [MESSAGE]: true
  readonly name: string
  readonly options: MessageOptions
}

/** Declares how a custom message is answered: a run with one item, so that it has a queue, retries and a history. */
export function defineMessage(options: MessageOptions): MessageDefinition {
  return { [MESSAGE]: true, name: options.name, options }
}

type MessageParams = Readonly<Record<string, unknown>>

/**
 * The same in the shape of Jet Django's function of this name. A module of the actions folder need only call it; it need
 * not export what this returns. A handler that declares two parameters (without defaults) is called as Jet Django 1.x does it, with the message's name and
 * its params; any other one with the params alone. (Who needs the context declares the message by {@link defineMessage}.)
 *
 * @example addMessageHandler('execute_action', (params) => ({ result: true }))
 * @example addMessageHandler('execute_action', (name, params) => ({ result: true }))
 */
export function addMessageHandler(name: string, handle: (params: MessageParams) => unknown): MessageDefinition
export function addMessageHandler(
  name: string,
  handle: (name: string, params: MessageParams) => unknown,
): MessageDefinition
export function addMessageHandler(name: string, handle: (...given: never[]) => unknown): MessageDefinition {
  const definition = defineMessage({ name, handle: likeJetDjango(name, handle) })
  added().push(definition)
  return definition
}

/** What is no function is found where definitions are checked. */
function likeJetDjango(name: string, handle: (...given: never[]) => unknown): MessageHandler {
  if (typeof handle !== 'function') return handle
  const call = handle as (...given: unknown[]) => unknown
  return handle.length === 2 ? (params) => call(name, params) : (params) => call(params)
}

/** What modules have added since the last call. */
export function takeAddedMessages(): MessageDefinition[] {
  return added().splice(0)
}

export function isMessageDefinition(value: unknown): value is MessageDefinition {
  return typeof value === 'object' && value !== null && MESSAGE in value
}

/** One list per process: action folders may bring a copy of this package. */
function added(): MessageDefinition[] {
  const holder = globalThis as { [ADDED]?: MessageDefinition[] }
  return (holder[ADDED] ??= [])
}
