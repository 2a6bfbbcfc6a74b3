import type { Closing } from './run.js'
import type { ItemState, Outcome } from './states.js'

/**
 * The log of a chunk of items: one JSON line per thing that happened to an item, appended and never changed. An item's state is
 * what its lines add up to. Redis stores and counts them without reading them; {@link foldLog} reads them.
 *
 * `[position, code, attempt, started, took, result?, message?, retryAt?]`: position in the chunk; started in ms after the
 * run's creation; took in ms; retryAt in epoch ms. Neighbours that succeeded alike share a line, with `[first, last]` in
 * place of the position. `[[first, last], "o", generation]`: a retry of the run has reopened the failed ones of these items;
 * with `"n"` in place of `"o"`, all of them, whatever their outcome.
 */
export type LogLine = string

const CODES = { succeeded: 's', failed: 'f', skipped: 'k', cancelled: 'c', expired: 'x' } as const satisfies Record<
  Outcome,
  string
>
/** Failed by an exception rather than a refusal: its text is for operators only. */
const FAILED_UNEXPECTEDLY = 'u'
const RETRY = 'r'
const REOPENED = 'o'
const REOPENED_BY_NAME = 'n'
const OUTCOME_OF: Readonly<Record<string, Outcome>> = {
  ...{ s: 'succeeded', f: 'failed', k: 'skipped', c: 'cancelled', x: 'expired' },
  [FAILED_UNEXPECTEDLY]: 'failed',
}

type ItemEntry = [
  position: number | [first: number, last: number],
  code: string,
  attempt: number,
  started: number,
  took: number,
  result?: unknown,
  message?: string | null,
  retryAt?: number,
]
type ReopenedEntry = [
  positions: [first: number, last: number],
  code: typeof REOPENED | typeof REOPENED_BY_NAME,
  generation: number,
]

export interface AttemptEnd {
  /** Of the item. */
  chunk: number
  /** The item's place in its chunk. */
  position: number
  attempt: number
  /** Milliseconds after the run's creation. */
  started: number
  /** Milliseconds. */
  took: number
}

/** The line of an item that ended. `resultJson` is the handler's result, serialised already; '' for none. */
export function outcomeLine(
  end: AttemptEnd,
  outcome: Exclude<Outcome, 'failed'>,
  resultJson: string,
  message?: string,
): LogLine {
  const head = lineHead(end, CODES[outcome])
  if (message !== undefined) return `${head},${resultJson || 'null'},${JSON.stringify(message)}]\n`
  return resultJson === '' ? `${head}]\n` : `${head},${resultJson}]\n`
}

/** The line of an item that failed; `unexpected`: by an exception rather than a refusal. */
export function failureLine(end: AttemptEnd, message: string, unexpected: boolean): LogLine {
  return `${lineHead(end, unexpected ? FAILED_UNEXPECTEDLY : CODES.failed)},null,${JSON.stringify(message)}]\n`
}

/** The line of an attempt that failed and is to be repeated at `retryAt` (epoch ms). */
export function retryLine(end: AttemptEnd, message: string, retryAt: number): LogLine {
  return `${lineHead(end, RETRY)},null,${JSON.stringify(message)},${retryAt}]\n`
}

function lineHead({ position, attempt, started, took }: AttemptEnd, code: string): string {
  return `[${position},"${code}",${attempt},${started},${took}`
}

/** Gathers lines of the logs of some chunks. */
export class LogWriter {
  #lines = new Map<number, string>()
  /** The neighbours that succeeded alike, which the next one may join. */
  #alike: (AttemptEnd & { last: number }) | undefined

  /** An item succeeded without a result: most do, so that theirs is the line that must be short. */
  succeeded(end: AttemptEnd): void {
    const alike = this.#alike
    if (
      alike?.last === end.position - 1 &&
      alike.chunk === end.chunk &&
      alike.attempt === end.attempt &&
      alike.started === end.started &&
      alike.took === end.took
    ) {
      alike.last = end.position
      return
    }
    this.#writeAlike()
    this.#alike = { ...end, last: end.position }
  }

  add(chunk: number, line: LogLine): void {
    this.#writeAlike()
    this.#lines.set(chunk, (this.#lines.get(chunk) ?? '') + line)
  }

  /** All lines since it was called last, by chunk. */
  take(): ReadonlyMap<number, string> {
    this.#writeAlike()
    const lines = this.#lines
    this.#lines = new Map()
    return lines
  }

  #writeAlike(): void {
    if (!this.#alike) return
    const { chunk, position: first, last, attempt, started, took } = this.#alike
    this.#alike = undefined
    const position = first === last ? first : `[${first},${last}]`
    this.add(chunk, `[${position},"${CODES.succeeded}",${attempt},${started},${took}]\n`)
  }
}

/** What the log says of one item. */
export interface ItemHistory {
  state: 'waiting' | Outcome
  attempts: number
  started?: number
  took?: number
  result?: unknown
  message?: string
  /** Whether `message` is an exception's own text. */
  unexpected?: true
  /** Epoch ms of the next attempt of an item that waits for its retry. */
  retryAt?: number
  /** Of an item that a retry of the run has reopened. */
  reopened?: {
    /** The run's generation then. */
    generation: number
    /** Outcomes that it had before, oldest first. */
    former: readonly ItemHistory[]
  }
}

const UNTOUCHED: ItemHistory = Object.freeze({ state: 'waiting', attempts: 0 })

/** What the run says about items that have no line of their own. */
export interface FoldOptions {
  /** The times the run was given up, oldest first: the first one after an item was reopened last decides its outcome. */
  closed?: readonly Closing[]
  /** Items that a retry has reopened without the log saying so yet: those that had failed, or those that it named. */
  reopened?: ((position: number) => 'failed' | 'named' | undefined) | undefined
  /** The run's generation: in which that was. */
  generation?: number
}

/** Adds a chunk's log up: one history per item, in the chunk's order. */
export function foldLog(
  log: string | null,
  items: number,
  { closed = [], reopened, generation = 0 }: FoldOptions = {},
): ItemHistory[] {
  const histories = new Array<ItemHistory>(items).fill(UNTOUCHED)
  const entries = log
    ? (JSON.parse(`[${log.slice(0, -1).replaceAll('\n', ',')}]`) as (ItemEntry | ReopenedEntry)[])
    : []
  for (const entry of entries) {
    if (isReopened(entry)) reopen(histories, entry, closed)
    else applyEntry(histories, entry)
  }
  if (reopened)
    for (let at = 0; at < items; at++) {
      const how = reopened(at)
      if (how) reopen(histories, [[at, at], how === 'named' ? REOPENED_BY_NAME : REOPENED, generation], closed)
    }
  if (closed.length === 0) return histories
  return histories.map((history) => giveUp(history, closed))
}

/** An item without an outcome has that of the first time the run was given up since it was reopened. */
function giveUp(history: ItemHistory, closed: readonly Closing[]): ItemHistory {
  if (history.state !== 'waiting') return history
  const closing = closed.find(({ at }) => (history.reopened?.generation ?? 0) <= at)
  return closing ? { ...history, state: closing.as } : history
}

function isReopened(entry: ItemEntry | ReopenedEntry): entry is ReopenedEntry {
  return entry[1] === REOPENED || entry[1] === REOPENED_BY_NAME
}

function applyEntry(
  histories: ItemHistory[],
  [position, code, attempt, started, took, result, message, retryAt]: ItemEntry,
): void {
  const history: ItemHistory = {
    state: OUTCOME_OF[code] ?? 'waiting',
    attempts: attempt,
    started,
    took,
    ...(result !== undefined && result !== null && { result }),
    ...(message !== undefined && message !== null && { message }),
    ...((code === FAILED_UNEXPECTEDLY || code === RETRY) && { unexpected: true }),
    ...(retryAt !== undefined && { retryAt }),
  }
  const [first, last] = typeof position === 'number' ? [position, position] : position
  for (let at = first; at <= last; at++) {
    const reopened = histories[at]?.reopened
    histories[at] = reopened ? { ...history, reopened } : history
  }
}

function reopen(
  histories: ItemHistory[],
  [[first, last], code, generation]: ReopenedEntry,
  closed: readonly Closing[],
): void {
  const before = closed.filter(({ at }) => at < generation)
  for (let position = first; position <= Math.min(last, histories.length - 1); position++) {
    const history = giveUp(histories[position] ?? UNTOUCHED, before)
    if (code === REOPENED ? history.state !== 'failed' : !isRetried(history.state)) continue
    const { reopened, ...former } = history
    histories[position] = {
      state: 'waiting',
      attempts: history.attempts,
      reopened: { generation, former: [...(reopened?.former ?? []), former] },
    }
  }
}

/** Whether a retry that names an item of this state calls it again. */
export function isRetried(state: ItemState): state is 'failed' | 'cancelled' | 'expired' {
  return state === 'failed' || state === 'cancelled' || state === 'expired'
}

/** Calls that count for the action's retry policy: those since the item was reopened last. */
export function attemptsSinceReopened(history: ItemHistory): number {
  return history.attempts - (history.reopened?.former.at(-1)?.attempts ?? 0)
}

/** What a worker says of the calls it is making: stored with the batch's lease, replaced at each report. */
export interface LiveCall {
  /** Positions in the batch that this call is for. */
  from: number
  /** Exclusive. */
  to: number
  attempt: number
  /** Milliseconds after the run's creation. */
  started: number
  /** 0 to 100, when the handler has said so. */
  progress?: number
}

/** One item of a run, as the API shows it. */
export interface Item {
  /** Absent for the one item of a collection or common action. */
  id?: string | number
  state: ItemState
  attempts: number
  message?: string
  result?: unknown
  startedAt?: string
  finishedAt?: string
  /** 0 to 100; for active items whose handler reports it. */
  progress?: number
  /** Outcomes that it had before retries of the run, oldest first. */
  former?: FormerOutcome[]
}

export type FormerOutcome = Pick<Item, 'state' | 'attempts' | 'message' | 'startedAt' | 'finishedAt'>
