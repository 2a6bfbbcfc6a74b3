/** What the API shows for the console, besides runs and items. Types only: the console and the client import them. */
import type { PublishedAction } from '../catalog/published-action.js'
import type { RecordId, Role } from '../definitions/context.js'

export type { ActionEntry } from '../catalog/published-action.js'
export type { Role } from '../definitions/context.js'
export type { FieldDescription } from '../fields/field.js'
export type { FieldTypeName } from '../fields/field-type.js'
export type { FormerOutcome, Item } from '../runs/item-log.js'
export type { RunView } from '../runs/run.js'
export type { FailureGroup, FailureGroups as FailuresView } from '../runs/run-failures.js'
export type { Counts, ItemState, Outcome, RunState } from '../runs/states.js'

/** Who is logged in, and where. */
export interface SessionView {
  name: string
  role: Role
  version: string
}

/** Jobs of a queue by state, and how long the oldest one that waits has been waiting. */
export interface QueueDepth {
  waiting: number
  active: number
  delayed: number
  failed: number
  /** In ms; absent when none waits. */
  oldestWaitMs?: number
}

/** A published action that the caller may run, with who serves it now. */
export interface ActionView extends Pick<PublishedAction, 'identity' | 'name' | 'target' | 'entry' | 'permission'> {
  /** Live workers that serve it. */
  workers: number
  /** Items that are waiting or active, over all of its runs: only a few batches of a run stand in the queue at a time. */
  pendingItems: number
  queue: QueueDepth
}

export interface ActionsView {
  actions: ActionView[]
  /** Collections whose records can be listed. */
  collections: string[]
}

/** What a group of workers has to do, for whoever decides how many of them there are to be. */
export interface ScaleView {
  /** Items that are waiting or active. */
  items: number
  /** Handler calls that these are, and listings of records: what takes a slot. */
  calls: number
  /** How long the oldest batch or listing that no worker has taken has been waiting. */
  oldestWaitSeconds: number
  /** Live workers. */
  workers: number
}

/** A live worker, and how much of it is in use. */
export interface WorkerView {
  id: string
  group: string
  host: string
  pid: number
  version: string
  startedAt: string
  /** Identities of the actions that it serves. */
  actions: string[]
  /** Names of the collections that it lists. */
  collections: string[]
  /** Handler calls that are going on; absent for workers that do not say. */
  busy?: number
  /** Most handler calls at once, over all actions. */
  slots?: number
}

/** What ended in one interval of time. */
export interface HistoryPoint {
  /** Begin of the interval, ISO 8601. */
  at: string
  succeeded: number
  failed: number
  skipped: number
  cancelled: number
  /** Runs that started. */
  started: number
  /** Mean time that these runs had waited for their start, in ms. */
  waitedMs: number
}

export type HistorySpan = 'hour' | 'day'

export interface HistoryView {
  span: HistorySpan
  /** Length of an interval, in ms. */
  intervalMs: number
  points: HistoryPoint[]
}

/** What was sent to make a run. */
export interface RunInputView {
  /** `[secret]` stands for the values of secret fields. */
  form: Record<string, unknown>
  selection:
    | { mode: 'none' }
    | {
        mode: 'only' | 'allExcept'
        /** The first of them, or all, as asked for. */
        ids: RecordId[]
        total: number
      }
  user: { name: string; role: Role }
  requestId: string
  /** The action's identity: name, target and models; the name of its queue. */
  identity: string
}

/** Lines that handlers wrote for a batch. */
export interface ItemLogView {
  lines: string[]
  /** Items that share these lines. */
  items: number
  /** Host and process id of the worker that has taken their batch last; known of the last 1,000 batches of each action. */
  worker?: string
}

/** One message and its answer, with secrets masked. */
export interface WireEntry {
  id: string
  at: string
  /** Of the message. */
  name: string
  user?: string
  /** The identity of the action that was meant, where one was found. */
  action?: string
  ms: number
  request: { headers: Record<string, string>; body: string }
  answer: { status: number; headers: Record<string, string>; body: string }
}
