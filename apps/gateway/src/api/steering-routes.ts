import { FlexActionError } from '@flexaction/shared/errors'
import { type Backlog, type Run, type RunEndings, type RunSteering, type SteeringReply } from '@flexaction/shared/runs'
import { type JobQueues, queueBatches } from '@flexaction/shared/queues'
import type Router from '@koa/router'
import type { Acceptor } from '../accepting/acceptor.js'
import { requirePermission } from '../access/caller.js'
import type { RunAccess } from '../access/run-access.js'
import type { CatalogView } from '../catalog/catalog-view.js'
import { answerJson, callerOf, type GatewayContext, type GatewayState } from '../http/context.js'
import { idOf } from './runs-routes.js'

export interface SteeringOptions {
  steering: RunSteering
  runs: RunAccess
  endings: RunEndings
  queues: JobQueues
  catalog: CatalogView
  acceptor: Acceptor
  backlog: Backlog
}

/** A cancelled run ends when its workers have let go of it: the answer waits this long for that, in ms. */
const CANCELLED_WITHIN_MS = 1_500

/** `POST /runs/:id/cancel | pause | resume | retry` (DESIGN section 5). Each answers with the run as it is then. */
export function addSteeringRoutes(router: Router<GatewayState>, options: SteeringOptions): void {
  const { steering, runs, endings, queues, catalog, acceptor, backlog } = options

  const route = (word: string, act: (run: Run) => Promise<SteeringReply>, allowed: string): void => {
    router.post(`/runs/:id/${word}`, async (ctx) => {
      const gctx = ctx as unknown as GatewayContext
      const caller = callerOf(gctx)
      const run = await runs.find(caller, idOf(gctx))
      requirePermission(caller, run.permission, `to ${word} a run of '${run.action}'`)
      gctx.state.logged = { run: run.id, steering: word }
      const reply = await act(run)
      if (reply?.status === 'refused') throw refusal(word, reply.state, allowed)
      if (reply) await queueBatches(queues, run, reply.queue, true)
      // A damaged run is removed by its cancel.
      answerJson(gctx, 200, runs.view(caller, (await runs.reader.run(run.id)) ?? run))
    })
  }

  const window = (run: Run): number => {
    const action = catalog.actions.find(({ identity }) => identity === run.identity)
    return action ? acceptor.window(action, run.batchSize) : 1
  }

  const cancel = async (run: Run): Promise<SteeringReply> => {
    const waiting = endings.wait(run.id, CANCELLED_WITHIN_MS, false)
    try {
      const reply = await steering.cancel(run)
      if (reply?.status === 'done' && run.damaged === undefined) await waiting.ended
      return reply
    } finally {
      waiting.giveUp()
    }
  }

  const retry = async (run: Run): Promise<SteeringReply> => {
    const reply = await steering.retry(run, window(run))
    if (reply?.status === 'done') await backlog.add(run.identity, run.counts.failed)
    return reply
  }

  route('cancel', cancel, 'only runs that have not ended can be cancelled')
  route('pause', (run) => steering.pause(run), 'only runs that are waiting or running can be paused')
  route('resume', (run) => steering.resume(run, window(run)), 'only paused and halted runs can be resumed')
  route('retry', retry, 'only ended runs with failed items can be retried')
}

function refusal(word: string, state: string, allowed: string): FlexActionError {
  return new FlexActionError('conflict', `Cannot ${word} this run, it is ${state.replaceAll('_', ' ')}: ${allowed}`)
}
