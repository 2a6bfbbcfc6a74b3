import type { Run } from './run.js'
import { readTimes } from './run-times.js'
import type { Counts, RunState } from './states.js'

/** What is told of a run that has ended. Times are epoch ms, in Redis's time. */
export interface EndedRun extends Pick<
  Run,
  'id' | 'action' | 'identity' | 'state' | 'total' | 'requestId' | 'createdAt' | 'startedAt' | 'times'
> {
  counts: Omit<Counts, 'waiting' | 'active'>
  /** Items that had no outcome when the run was given up: they count as cancelled, or as expired. */
  givenUp: number
  user: string
  finishedAt: number
}

/** What a script returns that has ended the run. */
export type Ended = ['ended', ...(string | null)[]]

export function isEnded(reply: unknown): reply is Ended {
  return Array.isArray(reply) && reply[0] === 'ended'
}

/** What a script that has ended a run tells of it, after the word `ended` (lua/lib/run.lua). */
export function readEndedRun(values: readonly (string | null)[]): EndedRun {
  const [id, state, action, identity, user, requestId] = values.map((text) => text ?? '')
  const [total, givenUp, succeeded, failed, skipped, cancelled, expired, createdAt, startedAt, finishedAt] = values
    .slice(6, -1)
    .map((text) => Number(text) || 0)
  return {
    ...{ id: id ?? '', state: state as RunState, action: action ?? '', identity: identity ?? '' },
    ...{ user: user ?? '', requestId: requestId ?? '', total: total ?? 0, givenUp: givenUp ?? 0 },
    counts: {
      succeeded: succeeded ?? 0,
      failed: failed ?? 0,
      skipped: skipped ?? 0,
      cancelled: cancelled ?? 0,
      expired: expired ?? 0,
    },
    ...{ createdAt: createdAt ?? 0, startedAt: startedAt || undefined, finishedAt: finishedAt ?? 0 },
    times: readTimes(values.at(-1)),
  }
}

/** The same of a run whose end nobody was told: what it gave up is not known any more. */
export function endedRunOf(run: Run): EndedRun {
  return { ...run, givenUp: 0, user: run.user.name, finishedAt: run.finishedAt ?? 0 }
}
