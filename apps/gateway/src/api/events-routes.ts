import { hasEnded, type Run } from '@flexaction/shared/runs'
import type Router from '@koa/router'
import type { OpenStreams } from '../access/open-streams.js'
import type { RunAccess } from '../access/run-access.js'
import { callerOf, type GatewayContext, type GatewayState } from '../http/context.js'
import type { EventStreams } from '../watching/event-stream.js'
import type { RunWatch } from '../watching/run-watch.js'
import { idOf } from './runs-routes.js'

export interface EventsOptions {
  runs: RunAccess
  watch: RunWatch
  streams: EventStreams
  open: OpenStreams
}

/**
 * `GET /runs/:id/events`: a stream of `run` events, each with the whole run, and its revision as id. A client that comes back
 * with Last-Event-ID hears nothing until the run has changed. The event `end` is the last one of an ended run.
 */
export function addEventsRoutes(router: Router<GatewayState>, { runs, watch, streams, open }: EventsOptions): void {
  router.get('/runs/:id/events', async (ctx) => {
    const gctx = ctx as unknown as GatewayContext
    const caller = callerOf(gctx)
    const run = await runs.find(caller, idOf(gctx))
    let unwatch: (() => void) | undefined
    const over = open.begin(caller.name)
    const stream = streams.open(gctx, () => {
      over()
      unwatch?.()
    })
    const tell = (now: Run | undefined): void => {
      if (!now) return stream.end()
      stream.send(hasEnded(now) ? 'end' : 'run', String(now.revision), runs.view(caller, now))
      if (hasEnded(now)) stream.end()
    }
    if (hasEnded(run) || gctx.get('Last-Event-ID') !== String(run.revision)) tell(run)
    if (!hasEnded(run)) unwatch = watch.watch(run, tell)
  })
}
