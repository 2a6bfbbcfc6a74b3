import type { Logger } from '../logging/index.js'
import type { Backlog, EndedRun } from '../runs/index.js'
import type { Metrics } from './metrics.js'

export interface EndedRunsOptions {
  metrics: Metrics
  backlog: Backlog
  logger: Logger
}

/** What is done about each run of whose end this process learns: it is counted, and one line says how it ended. */
export function noteEndedRun({ metrics, backlog, logger }: EndedRunsOptions): (run: EndedRun) => void {
  return ({
    id,
    action,
    identity,
    state,
    total,
    counts,
    givenUp,
    user,
    requestId,
    createdAt,
    startedAt,
    finishedAt,
  }) => {
    metrics.runEnded(identity, state)
    metrics.itemsSettled(identity, counts.expired > 0 ? 'expired' : 'cancelled', givenUp)
    backlog.ended(identity, givenUp)
    const ended = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
    const line = {
      ...{ run: id, action, state, total, ...ended, user, request: requestId, ms: finishedAt - createdAt },
      ...(startedAt !== undefined && { waitedMs: startedAt - createdAt }),
    }
    logger.info(line, 'run ended')
  }
}
