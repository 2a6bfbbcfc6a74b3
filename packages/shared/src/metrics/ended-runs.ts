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
  return ({ counts, givenUp, times, ...run }) => {
    metrics.runEnded(run.identity, run.state)
    metrics.itemsSettled(run.identity, counts.expired > 0 ? 'expired' : 'cancelled', givenUp)
    backlog.ended(run.identity, givenUp)
    const { id, action, state, total, user, requestId, createdAt, startedAt, finishedAt } = run
    const line = {
      ...{ run: id, action, state, total },
      ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
      ...{ user, request: requestId, ms: finishedAt - createdAt },
      ...(startedAt !== undefined && { waitedMs: startedAt - createdAt }),
      ...(times.calls > 0 && times),
    }
    logger.info(line, 'run ended')
  }
}
