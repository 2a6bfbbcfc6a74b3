import { FlexActionError } from '@flexaction/shared/errors'
import type { Logger } from '@flexaction/shared/logging'
import type { BatchQueues, ListingQueues } from '@flexaction/shared/queues'
import { isRedisAway } from '@flexaction/shared/redis'
import {
  type DirectOffer,
  isStaged,
  itemsPerCall,
  type NewRun,
  type RunStore,
  windowFor,
} from '@flexaction/shared/runs'
import type { CatalogAction, CatalogView } from '../catalog/catalog-view.js'
import type { Admission } from './admission.js'
import type { Order } from './order.js'

export interface AcceptorOptions {
  admission: Admission
  store: RunStore
  queues: BatchQueues
  listings: ListingQueues
  catalog: CatalogView
}

/** Accepts runs: stores them whole, and queues their first batches. */
export class Acceptor {
  constructor(private readonly options: AcceptorOptions) {}

  /**
   * Resolves when the run is stored. `offer`: whom to hand it to, past the queue. Throws `unavailable` when too much is
   * waiting already; then nothing was stored.
   */
  async accept(
    run: NewRun,
    { action, form, selection }: Order,
    logger: Logger,
    offer: DirectOffer | undefined,
  ): Promise<void> {
    const { admission, store } = this.options
    admission.admit(run.total)
    const queueNow = run.listing
      ? 0
      : Math.min(this.window(action, run.batchSize), Math.ceil(run.total / run.batchSize))
    const stored = store.accept({ run, form, selection, queueNow, offer }).catch(explain)
    // What takes several writes must be stored before a job can find it. Otherwise both are sent at once; a job whose run
    // could not be stored finds nothing to do.
    if (offer && (await stored) === 'handed over') return
    if (run.listing || isStaged(run)) await stored
    const queued = this.#queue(run, queueNow).catch((error: unknown) => {
      logger.error({ err: error, run: run.id }, 'queuing the first batches failed; the reconciler will do it')
    })
    await Promise.all([stored, queued])
  }

  /** Most batches of one of the action's runs to stand in the queue. */
  window(action: CatalogAction, batchSize: number): number {
    const callsPerBatch = Math.ceil(batchSize / itemsPerCall(action.target))
    return windowFor(callsPerBatch, this.options.catalog.workersFor(action.identity), action.slots)
  }

  async #queue(run: NewRun, batches: number): Promise<void> {
    const { queues, listings } = this.options
    if (run.listing) await listings.ensure(run.id, run.model ?? '')
    else await queues.add(run, { batches: Array.from({ length: batches }, (_, batch) => batch), generation: 0 })
  }
}

/** A connection that broke after the run was sent leaves open whether it was stored: the caller must know. */
function explain(error: unknown): never {
  const sent = isRedisAway(error) && !/isn't writeable/.test((error as Error).message)
  if (!sent) throw error
  const text =
    'The store did not answer in time, so it is not certain whether the run was accepted: look it up among the runs, or ' +
    'send an Idempotency-Key and repeat the request with the same one'
  throw new FlexActionError('unavailable', text, { cause: error, retryAfter: 2 })
}
