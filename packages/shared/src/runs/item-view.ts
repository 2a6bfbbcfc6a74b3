import { failureFingerprint } from './failure-fingerprint.js'
import type { FormerOutcome, Item, ItemHistory, LiveCall } from './item-log.js'
import { type Run, SAFE_FAILURE_TEXT } from './run.js'
import type { ItemState } from './states.js'

/** Some of a run's items: those that match all that is given. */
export interface ItemsFilter {
  state?: ItemState | undefined
  /** A part of the id or of the message, in any case. */
  search?: string | undefined
  /** The fingerprint of their failure. */
  failure?: string | undefined
  /** Their ids, as texts. */
  records?: ReadonlySet<string> | undefined
  /** Whether texts of unexpected failures count and are shown; else a safe text stands in for them. */
  forOperators: boolean
}

/** One item of a run, as its log tells. */
export interface RunItem {
  id: string | number | null
  history: ItemHistory
}

export interface ReadItem extends RunItem {
  call: LiveCall | undefined
  /** About how many characters of the log are about it. */
  weight: number
}

/** What says whether an item matches. */
export function matcherOf({ state, search, failure, records }: ItemsFilter): (item: Item) => boolean {
  const text = search?.toLowerCase()
  return (item) =>
    (state === undefined || item.state === state) &&
    (text === undefined || holdsText(item, text)) &&
    (records === undefined || (item.id !== undefined && records.has(String(item.id)))) &&
    (failure === undefined || (item.state === 'failed' && failureFingerprint(item.message ?? '') === failure))
}

function holdsText({ id, message }: Item, wanted: string): boolean {
  return [id, message].some((text) => text !== undefined && String(text).toLowerCase().includes(wanted))
}

function withSafeText(history: ItemHistory): ItemHistory {
  const { reopened } = history
  return {
    ...history,
    ...(history.unexpected && { message: SAFE_FAILURE_TEXT }),
    ...(reopened && { reopened: { ...reopened, former: reopened.former.map(withSafeText) } }),
  }
}

export function viewItem(run: Run, { id, history: known, call }: ReadItem, forOperators: boolean): Item {
  const history = forOperators ? known : withSafeText(known)
  const time = (ms: number): string => new Date(run.createdAt + ms).toISOString()
  const head = id === null ? {} : { id }
  const former = history.reopened?.former.map((one) => viewOutcome(one, time))
  if (call && history.state === 'waiting') {
    return {
      ...head,
      state: 'active',
      attempts: call.attempt,
      startedAt: time(call.started),
      ...(call.progress !== undefined && { progress: call.progress }),
      ...(former && { former }),
    }
  }
  return {
    ...head,
    ...viewOutcome(history, time),
    ...(history.result !== undefined && { result: history.result }),
    ...(former && { former }),
  }
}

function viewOutcome(
  { state, attempts, started, took, message }: ItemHistory,
  time: (ms: number) => string,
): FormerOutcome {
  return {
    state,
    attempts,
    ...(message !== undefined && { message }),
    ...(started !== undefined && { startedAt: time(started) }),
    ...(started !== undefined && took !== undefined && state !== 'waiting' && { finishedAt: time(started + took) }),
  }
}
