import type { Role } from '../definitions/context.js'
import { type Counts, isTerminal, type RunState } from './states.js'

/** Why an item failed, as kept with its run for the answer and for people who look the run up. */
export interface ItemError {
  /** Absent for the one item of a collection or common action. */
  id?: string | number
  message: string
  /** `refused`: the handler said no with an ActionError. `unexpected`: anything else; its text is for operators only. */
  kind: 'refused' | 'unexpected'
  /** Of a refusal about fields of the form. */
  fields?: Readonly<Record<string, readonly string[]>>
}

/** A run as the store knows it. */
export interface Run {
  id: string
  /** The action's name. */
  action: string
  /** The action's identity: name, kind of target and models. */
  identity: string
  target: 'records' | 'collection' | 'common'
  /** The collection that the request named. */
  model: string | undefined
  state: RunState
  total: number
  counts: Counts
  user: { name: string; role: Role }
  requestId: string
  batchSize: number
  createdAt: number
  /** It ends as `expired` unless it has started by then. */
  expiresAt: number | undefined
  /** Its failures, in number or in percent of its items, at which it is halted. */
  haltOn: HaltOn | undefined
  /** Its records are still being listed: `total` grows. */
  listing: boolean
  /** Grows when its batches are queued anew: by a resume, or a retry. */
  generation: number
  /** It is being given up, and waits for workers to let go of it. */
  closing: 'cancelled' | 'expired' | undefined
  /** Items without an outcome, unless they were reopened after that generation, have this one. */
  closed: { as: 'cancelled' | 'expired'; at: number } | undefined
  startedAt: number | undefined
  finishedAt: number | undefined
  /** Until then the worker to which it was handed without a job counts as having it in hand; in Redis's time. */
  directUntil: number | undefined
  /** What the handler returned, where the whole run was one call. */
  result: unknown
  /** The first few failures. */
  errors: ItemError[]
  /** Grows with every change of the run. */
  revision: number
}

/** How many failures halt a run: a number of items, or a percentage of them. */
export type HaltOn = { failures: number } | { percent: number }

/** The fields that accepting a run writes; counts and times are added by the scripts. */
export type NewRun = Pick<
  Run,
  | 'id'
  | 'action'
  | 'identity'
  | 'target'
  | 'model'
  | 'user'
  | 'requestId'
  | 'total'
  | 'batchSize'
  | 'createdAt'
  | 'expiresAt'
  | 'haltOn'
  | 'listing'
>

/** The run's hash, as field, value, … */
export function runFields(run: NewRun): string[] {
  const fields: Record<string, string | number> = {
    id: run.id,
    action: run.action,
    identity: run.identity,
    target: run.target,
    ...(run.model !== undefined && { model: run.model }),
    user: run.user.name,
    role: run.user.role,
    request: run.requestId,
    total: run.total,
    batchSize: run.batchSize,
    createdAt: run.createdAt,
    ...(run.expiresAt !== undefined && { expiresAt: run.expiresAt }),
    ...(run.haltOn &&
      ('failures' in run.haltOn ? { haltAt: run.haltOn.failures } : { haltPercent: run.haltOn.percent })),
    ...(run.listing && { listing: 1, allExcept: 1 }),
    state: 'waiting',
    rev: 1,
  }
  return Object.entries(fields).flatMap(([name, value]) => [name, String(value)])
}

/** Reads a run's hash. `undefined` for a run that does not exist (an empty hash). */
export function parseRun(hash: Readonly<Record<string, string>>): Run | undefined {
  if (hash.id === undefined) return undefined
  const number = (name: string): number => Number(hash[name] ?? 0)
  const time = (name: string): number | undefined => (hash[name] === undefined ? undefined : Number(hash[name]))
  const ended = {
    succeeded: number('succeeded'),
    failed: number('failed'),
    skipped: number('skipped'),
    cancelled: number('cancelled'),
    expired: number('expired'),
  }
  const total = number('total')
  const active = number('active')
  const waiting = total - active - ended.succeeded - ended.failed - ended.skipped - ended.cancelled - ended.expired
  return {
    id: hash.id,
    action: hash.action ?? '',
    identity: hash.identity ?? '',
    target: hash.target as Run['target'],
    model: hash.model,
    state: hash.state as RunState,
    total,
    counts: { waiting, active, ...ended },
    user: { name: hash.user ?? '', role: hash.role as Role },
    requestId: hash.request ?? '',
    batchSize: number('batchSize'),
    createdAt: number('createdAt'),
    expiresAt: time('expiresAt'),
    haltOn: readHaltOn(hash),
    listing: hash.listing !== undefined,
    generation: number('generation'),
    closing: hash.closing as Run['closing'],
    closed:
      hash.closedAs === undefined
        ? undefined
        : { as: hash.closedAs as 'cancelled' | 'expired', at: number('closedAt') },
    startedAt: time('startedAt'),
    finishedAt: time('finishedAt'),
    directUntil: time('directUntil'),
    result: hash.result === undefined ? undefined : (JSON.parse(hash.result) as unknown),
    errors: [
      ...(hash.listingFailed === undefined ? [] : [JSON.parse(hash.listingFailed) as ItemError]),
      ...(hash.errors ?? '')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as ItemError),
    ],
    revision: number('rev'),
  }
}

function readHaltOn({ haltAt, haltPercent }: Readonly<Record<string, string>>): HaltOn | undefined {
  if (haltAt !== undefined) return { failures: Number(haltAt) }
  return haltPercent === undefined ? undefined : { percent: Number(haltPercent) }
}

/** Reads a run's hash from Redis's flat reply: field, value, … */
export function parseRunReply(reply: readonly string[]): Run | undefined {
  const hash: Record<string, string> = {}
  for (let at = 0; at + 1 < reply.length; at += 2) hash[reply[at] ?? ''] = reply[at + 1] ?? ''
  return parseRun(hash)
}

/** A run as the API shows it (DESIGN section 5). Times are ISO 8601. */
export interface RunView {
  id: string
  action: string
  target: Run['target']
  model?: string
  state: RunState
  total: number
  counts: Counts
  user: string
  createdAt: string
  /** It ends as `expired` unless it has started by then. */
  expiresAt?: string
  /** Its records are still being listed: `total` grows. */
  listing?: true
  /** It was cancelled, and waits for handlers that are still running. */
  cancelling?: true
  startedAt?: string
  finishedAt?: string
  result?: unknown
  errors?: { id?: string | number; message: string }[]
}

/** `forOperators`: whether texts of unexpected failures are shown; else a safe text stands in for them. */
export function viewRun(run: Run, forOperators: boolean): RunView {
  return {
    id: run.id,
    action: run.action,
    target: run.target,
    ...(run.model !== undefined && { model: run.model }),
    state: run.state,
    total: run.total,
    counts: run.counts,
    user: run.user.name,
    createdAt: new Date(run.createdAt).toISOString(),
    ...(run.expiresAt !== undefined && { expiresAt: new Date(run.expiresAt).toISOString() }),
    ...(run.listing && { listing: true }),
    ...(run.closing !== undefined && { cancelling: true }),
    ...(run.startedAt !== undefined && { startedAt: new Date(run.startedAt).toISOString() }),
    ...(run.finishedAt !== undefined && { finishedAt: new Date(run.finishedAt).toISOString() }),
    ...(run.result !== undefined && { result: run.result }),
    ...(run.errors.length > 0 && { errors: run.errors.map((error) => viewError(error, forOperators)) }),
  }
}

/** The text that callers see in place of an unexpected exception's own. */
export const SAFE_FAILURE_TEXT = 'The action failed unexpectedly'

export function viewError(error: ItemError, forOperators: boolean): { id?: string | number; message: string } {
  return {
    ...(error.id !== undefined && { id: error.id }),
    message: error.kind === 'unexpected' && !forOperators ? SAFE_FAILURE_TEXT : error.message,
  }
}

export function hasEnded(run: Run): boolean {
  return isTerminal(run.state)
}
