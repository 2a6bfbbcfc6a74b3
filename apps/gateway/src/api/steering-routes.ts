import { FlexActionError } from '@flexaction/shared/errors'
import {
  type Backlog,
  hasEnded,
  type Run,
  type RunEndings,
  type RunSteering,
  type StagedRetry,
  type SteeringReply,
} from '@flexaction/shared/runs'
import { type JobQueues, listingJob, listingQueueName, queueBatches } from '@flexaction/shared/queues'
import type Router from '@koa/router'
import type { Acceptor } from '../accepting/acceptor.js'
import { requirePermission } from '../access/caller.js'
import { type RunAccess, seesTexts } from '../access/run-access.js'
import type { CatalogView } from '../catalog/catalog-view.js'
import type { BodyBounds } from '../http/bounded-body.js'
import { answerJson, callerOf, type GatewayContext, type GatewayState } from '../http/context.js'
import { readBody } from '../http/read-body.js'
import { retry as retryBody } from './openapi/schemas.js'
import { readBodyAs } from './query.js'
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

/** A retry names 10,000 records at most. */
const LARGEST_RETRY_BYTES = 2_000_000

/** A cancelled run ends when its workers have let go of it: the answer waits this long for that, in ms. */
const CANCELLED_WITHIN_MS = 1_500

/**
 * `POST /runs/:id/cancel | pause | resume | retry | resume-listing` (DESIGN section 5). Each answers with the run as it is then. A retry may name
 * the items that it is for; by default it is for all that failed.
 */
export function addSteeringRoutes(router: Router<GatewayState>, options: SteeringOptions, bounds: BodyBounds): void {
  const { steering, runs, endings, queues, catalog, acceptor, backlog } = options
  const readJson = readBody(LARGEST_RETRY_BYTES, bounds)

  type Act = (run: Run, gctx: GatewayContext) => Promise<SteeringReply>
  const route = (word: string, act: Act, allowed: string): void => {
    router.post(`/runs/:id/${word}`, async (ctx) => {
      const gctx = ctx as unknown as GatewayContext
      const caller = callerOf(gctx)
      const run = await runs.find(caller, idOf(gctx))
      requirePermission(caller, run.permission, `to ${word} a run of '${run.action}'`)
      gctx.state.logged = { run: run.id, steering: word }
      const reply = await act(run, gctx)
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

  /** `undefined`: all failed items are meant. */
  const stage = async (run: Run, gctx: GatewayContext): Promise<StagedRetry | undefined> => {
    if (!hasBody(gctx)) return undefined
    await readJson(gctx, () => Promise.resolve())
    const { items, ...filter } = readBodyAs(gctx.request.body, retryBody)
    if (items === undefined && Object.keys(filter).length === 0) return undefined
    const records = items && new Set(items.map(String))
    const wanted = { ...filter, records, forOperators: seesTexts(callerOf(gctx)) }
    const staged = await steering.stageRetry(runs.reader, run, wanted)
    // Never retried as a whole because a part of it could not be named.
    if (!staged) throw new FlexActionError('conflict', RETRIED_BY_OTHERS)
    if (staged.batches === 0) throw new FlexActionError('conflict', NOTHING_TO_RETRY)
    return staged
  }

  const retry = async (run: Run, gctx: GatewayContext): Promise<SteeringReply> => {
    if (!hasEnded(run)) return { status: 'refused', state: run.state }
    const staged = await stage(run, gctx)
    const reply = await steering.retry(run, window(run), staged)
    if (staged && reply?.status === 'refused') throw new FlexActionError('conflict', RETRIED_BY_OTHERS)
    const items = staged ? Object.values(staged.counts).reduce((sum, one) => sum + one, 0) : run.counts.failed
    if (reply?.status === 'done') await backlog.add(run.identity, items)
    return reply
  }

  const resumeListing = async (run: Run): Promise<SteeringReply> => {
    if (!run.listingFailed || run.model === undefined) return { status: 'refused', state: run.state }
    const reply = await steering.resumeListing(run)
    if (reply?.status !== 'done') return reply
    await backlog.add(listingQueueName(run.model), 1)
    await queues.listings(run.model).ensure(listingJob(run.id))
    return reply
  }

  route('cancel', cancel, 'only runs that have not ended can be cancelled')
  route('resume-listing', resumeListing, 'only ended runs whose listing failed can go on listing')
  route('pause', (run) => steering.pause(run), 'only runs that are waiting or running can be paused')
  route('resume', (run) => steering.resume(run, window(run)), 'only paused and halted runs can be resumed')
  route('retry', retry, 'only ended runs with failed items can be retried')
}

const NOTHING_TO_RETRY =
  'Nothing was retried: of the items that were named, none has failed, was cancelled, or has expired'

const RETRIED_BY_OTHERS =
  'Nothing was retried: somebody else retried this run at the same moment. Look at it again, then retry what is left'

function hasBody({ req }: GatewayContext): boolean {
  return Number(req.headers['content-length'] ?? 0) > 0 || req.headers['transfer-encoding'] !== undefined
}

function refusal(word: string, state: string, allowed: string): FlexActionError {
  return new FlexActionError(
    'conflict',
    `Cannot ${word.replace('-', ' ')} this run, it is ${state.replaceAll('_', ' ')}: ${allowed}`,
  )
}
