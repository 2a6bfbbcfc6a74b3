import type { Role, RunUser } from '../definitions/context.js'
import type { Permission } from '../definitions/permission.js'
import type { Cut } from './batching.js'
import { runIdTime } from './run-id.js'
import { readTimes, type RunTimes } from './run-times.js'
import { type Counts, isTerminal, RUN_STATES, type RunState } from './states.js'

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

/** The layout in which this version stores runs. Runs of a newer one are left alone. */
const LAYOUT = 2

/** A run as the store knows it. */
export interface Run extends Cut {
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
  user: RunUser
  /** What its action asked for when it was accepted: who may see and steer it, whatever becomes of the action. */
  permission: Permission
  requestId: string
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
  /** The times it was given up, oldest first; while it is {@link Run.closing}, the last one is that. */
  closed: readonly Closing[]
  startedAt: number | undefined
  finishedAt: number | undefined
  /** Why not all records could be listed. */
  listingFailed: ItemError | undefined
  /** Where its handler calls spent their time. */
  times: RunTimes
  /** What the handler returned, where the whole run was one call. */
  result: unknown
  /** The first few failures. */
  errors: ItemError[]
  /** Grows with every change of the run. */
  revision: number
  /** Why it cannot be read as it should be: nothing but a cancel may be done with it. Absent for a sound run. */
  damaged?: string
}

/** Items without an outcome, unless they were reopened after that generation, have the outcome `as`. */
export interface Closing {
  as: 'cancelled' | 'expired'
  /** The run's generation then. */
  at: number
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
  | 'permission'
  | 'requestId'
  | 'total'
  | 'batchSize'
  | 'chunkSize'
  | 'createdAt'
  | 'expiresAt'
  | 'haltOn'
  | 'listing'
> & {
  /** The channel on which somebody waits for its end. */
  waiter?: string
}

/** The run's hash, as field, value, … */
export function runFields(run: NewRun): string[] {
  const fields: Record<string, string | number> = {
    id: run.id,
    layout: LAYOUT,
    action: run.action,
    identity: run.identity,
    target: run.target,
    ...(run.model !== undefined && { model: run.model }),
    user: run.user.name,
    role: run.user.role,
    ...(run.user.groups.length > 0 && { groups: JSON.stringify(run.user.groups) }),
    permission: typeof run.permission === 'string' ? run.permission : JSON.stringify(run.permission),
    request: run.requestId,
    total: run.total,
    batchSize: run.batchSize,
    chunkSize: run.chunkSize,
    createdAt: run.createdAt,
    ...(run.expiresAt !== undefined && { expiresAt: run.expiresAt }),
    ...(run.haltOn &&
      ('failures' in run.haltOn ? { haltAt: run.haltOn.failures } : { haltPercent: run.haltOn.percent })),
    ...(run.listing && { listing: 1, allExcept: 1 }),
    ...(run.waiter !== undefined && { waiter: run.waiter }),
    state: 'waiting',
    rev: 1,
  }
  return Object.entries(fields).flatMap(([name, value]) => [name, String(value)])
}

/**
 * Reads a run's hash. `undefined` for a run that does not exist (an empty hash). Never throws: a run with nonsense in one of its
 * fields, or of a newer layout, comes with the reason in `damaged`.
 */
export function parseRun(hash: Readonly<Record<string, string>>): Run | undefined {
  if (hash.state === undefined && hash.id === undefined) return undefined
  let damaged = hash.layout === String(LAYOUT) ? undefined : layoutProblem(hash.layout)
  const wrong = (name: string): void => {
    damaged ??= `its field '${name}' cannot be read`
  }
  const time = (name: string): number | undefined => {
    const text = hash[name]
    if (text === undefined) return undefined
    const value = Number(text)
    if (text !== '' && Number.isSafeInteger(value)) return value
    wrong(name)
    return undefined
  }
  const number = (name: string, least = 0): number => {
    const value = time(name) ?? least
    if (value >= least) return value
    wrong(name)
    return least
  }
  const json = <T>(name: string, text: string | undefined, otherwise: T): T => {
    try {
      return text === undefined ? otherwise : (JSON.parse(text) as T)
    } catch {
      wrong(name)
      return otherwise
    }
  }
  // Where nobody can say who may, admins may.
  const permission = (): Permission => {
    const text = hash.permission
    if (text === undefined) return 'admin'
    const read = readPermission(text)
    if (!read) wrong('permission')
    return read ?? 'admin'
  }
  const ended = {
    succeeded: number('succeeded'),
    failed: number('failed'),
    skipped: number('skipped'),
    cancelled: number('cancelled'),
    expired: number('expired'),
  }
  for (const name of ['next', 'batches', 'queued', 'pages']) number(name)
  const total = number('total')
  const active = number('active')
  const waiting = total - active - ended.succeeded - ended.failed - ended.skipped - ended.cancelled - ended.expired
  if (waiting < 0) wrong('total')
  if (!RUN_STATES.includes(hash.state as RunState)) wrong('state')
  if (!TARGETS.has(hash.target ?? '')) wrong('target')
  const listingFailed =
    hash.listingFailed === undefined ? undefined : json<ItemError>('listingFailed', hash.listingFailed, UNREADABLE)
  const errorLines = (hash.errors ?? '').split('\n').filter((line) => line !== '')
  const run: Run = {
    id: hash.id ?? '',
    action: hash.action ?? '',
    identity: hash.identity ?? '',
    target: hash.target as Run['target'],
    model: hash.model,
    state: hash.state as RunState,
    total,
    counts: { waiting: Math.max(0, waiting), active, ...ended },
    user: { name: hash.user ?? '', role: (hash.role ?? 'viewer') as Role, groups: json('groups', hash.groups, []) },
    permission: permission(),
    requestId: hash.request ?? '',
    batchSize: number('batchSize', 1),
    chunkSize: number('chunkSize', 1),
    createdAt: number('createdAt'),
    expiresAt: time('expiresAt'),
    haltOn: readHaltOn(hash),
    listing: hash.listing !== undefined,
    generation: number('generation'),
    closing: hash.closing as Run['closing'],
    closed: readClosed(hash.closed),
    startedAt: time('startedAt'),
    finishedAt: time('finishedAt'),
    times: readTimes(hash.times),
    result: json<unknown>('result', hash.result, undefined),
    listingFailed,
    errors: [...(listingFailed ? [listingFailed] : []), ...errorLines.map((line) => json('errors', line, UNREADABLE))],
    revision: number('rev'),
  }
  return damaged === undefined ? run : damagedRun(run.id, damaged, run)
}

const TARGETS: ReadonlySet<string> = new Set<Run['target']>(['records', 'collection', 'common'])
const ROLES: ReadonlySet<string> = new Set<Role>(['viewer', 'operator', 'admin'])
const UNREADABLE: ItemError = { message: 'this failure cannot be read', kind: 'unexpected' }

function layoutProblem(layout: string | undefined): string {
  return Number(layout) > LAYOUT
    ? `it was stored by a newer version (layout ${layout}, this version knows ${LAYOUT})`
    : `it was stored by an older version (layout ${layout ?? 1}, this version needs ${LAYOUT})`
}

/** A run that cannot be read: what is known of it, as one that waits for a person. */
export function damagedRun(id: string, reason: string, known?: Run): Run {
  const counts: Counts = { waiting: 0, active: 0, succeeded: 0, failed: 0, skipped: 0, cancelled: 0, expired: 0 }
  return {
    ...(known ?? {
      ...{
        id,
        action: '',
        identity: '',
        target: 'common',
        model: undefined,
        total: 0,
        counts,
        createdAt: runIdTime(id),
      },
      ...{
        user: { name: '', role: 'viewer', groups: [] },
        permission: 'admin',
        requestId: '',
        batchSize: 1,
        chunkSize: 1,
        expiresAt: undefined,
      },
      ...{ haltOn: undefined, listing: false, generation: 0, closing: undefined, closed: [] },
      ...{ times: readTimes(''), result: undefined },
      ...{ startedAt: undefined, finishedAt: undefined, listingFailed: undefined, errors: [], revision: 0 },
      state: 'halted',
    }),
    ...(known && !RUN_STATES.includes(known.state) && { state: 'halted' as const }),
    damaged: reason,
  }
}

function readClosed(text = ''): Closing[] {
  const parts = text.split(',').filter((part) => part !== '')
  return parts.map((part) => {
    const [as, at] = part.split('@')
    return { as: as as Closing['as'], at: Number(at) || 0 }
  })
}

function readPermission(text: string): Permission | undefined {
  if (ROLES.has(text)) return text as Role
  try {
    const { groups } = JSON.parse(text) as { groups?: unknown }
    return Array.isArray(groups) && groups.every((group) => typeof group === 'string') ? { groups } : undefined
  } catch {
    return undefined
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
  /** Why not all records of the collection could be listed; its listing can be resumed. */
  listingFailed?: string
  /** It was cancelled, and waits for handlers that are still running. */
  cancelling?: true
  /** Why it cannot be read as it should be: it can be cancelled, which removes it. */
  damaged?: string
  startedAt?: string
  finishedAt?: string
  /** Where its handler calls spent their time; absent before the first one. */
  times?: RunTimes
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
    createdAt: isoTime(run.createdAt),
    ...(run.expiresAt !== undefined && { expiresAt: isoTime(run.expiresAt) }),
    ...(run.listing && { listing: true }),
    ...(run.listingFailed && { listingFailed: viewError(run.listingFailed, forOperators).message }),
    ...(run.closing !== undefined && { cancelling: true }),
    ...(run.damaged !== undefined && { damaged: run.damaged }),
    ...(run.startedAt !== undefined && { startedAt: isoTime(run.startedAt) }),
    ...(run.finishedAt !== undefined && { finishedAt: isoTime(run.finishedAt) }),
    ...(run.times.calls > 0 && { times: run.times }),
    ...(run.result !== undefined && { result: run.result }),
    ...(run.errors.length > 0 && { errors: run.errors.map((error) => viewError(error, forOperators)) }),
  }
}

/** A damaged run may hold a time that is none. */
function isoTime(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? '' : date.toISOString()
}

/** Characters of a failure's message that are shown with a run; all of it stands with its item. */
const MOST_ERROR_CHARACTERS = 1_000

/** The text that callers see in place of an unexpected exception's own. */
export const SAFE_FAILURE_TEXT = 'The action failed unexpectedly'

export function viewError(error: ItemError, forOperators: boolean): { id?: string | number; message: string } {
  return {
    ...(error.id !== undefined && { id: error.id }),
    message: error.kind === 'unexpected' && !forOperators ? SAFE_FAILURE_TEXT : shorten(error.message),
  }
}

function shorten(text: string): string {
  return text.length > MOST_ERROR_CHARACTERS ? `${text.slice(0, MOST_ERROR_CHARACTERS)}…` : text
}

export function hasEnded(run: Pick<Run, 'state'>): boolean {
  return isTerminal(run.state)
}
