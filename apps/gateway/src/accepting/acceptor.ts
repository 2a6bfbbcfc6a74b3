import { FlexActionError } from '@flexaction/shared/errors'
import type { Logger } from '@flexaction/shared/logging'
import { type JobQueues, listingJob, listingQueueName, queueBatches } from '@flexaction/shared/queues'
import { type Outages, redisErrorOf } from '@flexaction/shared/redis'
import {
  isStaged,
  itemsPerCall,
  type NewRun,
  type RunStore,
  uncertainWhetherAccepted,
  windowFor,
} from '@flexaction/shared/runs'
import { type Keyring, secretsOfRun, takeSecrets } from '@flexaction/shared/secrets'
import type { CatalogAction, CatalogView } from '../catalog/catalog-view.js'
import type { Admission } from './admission.js'
import type { GatewayMetrics } from '../metrics/gateway-metrics.js'
import type { JsonObject } from '../messages/parse-message.js'
import type { Order } from './order.js'
import type { Replicas } from './replicas.js'

export interface AcceptorOptions {
  admission: Admission
  store: RunStore
  queues: JobQueues
  catalog: CatalogView
  metrics: Pick<GatewayMetrics, 'runAccepted'>
  keyring: Keyring
  replicas: Replicas
  outages: Pick<Outages, 'note'>
  /** Largest form of a request, in characters of JSON. */
  mostFormCharacters: number
}

/**
 * A worker that was woken for a job, and computes, would hold it up: while somebody waits for a run, other workers are woken after
 * these times, in ms.
 */
const NUDGES_MS = [50, 150, 400, 1_000]

const TRY_AGAIN_SECONDS = 2
const REFUSED = 'The store takes nothing at the moment. Nothing was done; try again in a moment'

/** Accepts runs: stores them whole, and queues their first batches. */
export class Acceptor {
  constructor(private readonly options: AcceptorOptions) {}

  /** Resolves when the run is stored. Throws `unavailable` when too much is waiting already; then nothing was stored. */
  async accept(run: NewRun, { action, form, selection }: Order, logger: Logger): Promise<void> {
    const { admission, store, replicas, outages } = this.options
    const stored = this.#storedForm(run, action, form)
    admission.admit(run.identity, run.total)
    const batches = run.listing ? 0 : Math.ceil(run.total / run.batchSize)
    const queueNow = Math.min(this.window(action, run.batchSize), batches)
    const storing = replicas.have(() =>
      store.accept({ run, ...stored, selection, queueNow }).catch((error: unknown) => {
        admission.refused(run.identity, run.total)
        explain(error)
      }),
    )
    // What takes several writes must be stored before a job can find it. Otherwise both are sent at once; a job whose run
    // could not be stored finds nothing to do.
    if (run.listing || ('only' in selection && isStaged(run, selection.only))) await storing
    const queued = this.#queue(run, queueNow).catch((error: unknown) => {
      if (!outages.note(error))
        logger.error({ err: error, run: run.id }, 'queuing the first batches failed; the reconciler will do it')
    })
    await Promise.all([storing, queued])
    this.options.metrics.runAccepted(run.identity)
  }

  /** Forms are stored with their run, and read with each of its batches; secret values are stored encrypted. */
  #storedForm(run: NewRun, action: CatalogAction, form: JsonObject): { formJson: string; sealed?: string } {
    const json = JSON.stringify(form)
    const { mostFormCharacters, keyring } = this.options
    if (json.length <= mostFormCharacters) {
      const taken = takeSecrets(form, action.secretFields)
      if (!taken.secrets) return { formJson: json }
      return { formJson: JSON.stringify(taken.form), sealed: keyring.seal(secretsOfRun(run), taken.secrets) }
    }
    const text = `The form is too large: ${json.length} characters of JSON, at most ${mostFormCharacters} are accepted`
    throw FlexActionError.fields({ non_field_errors: [text] })
  }

  /** Most batches of one of the action's runs to stand in the queue. */
  window(action: CatalogAction, batchSize: number): number {
    const callsPerBatch = Math.ceil(batchSize / itemsPerCall(action.target))
    return windowFor(callsPerBatch, this.options.catalog.workersFor(action.identity), action.slots)
  }

  /** Somebody waits for a run of the action. Returns what ends that. */
  waitedFor({ identity }: CatalogAction): () => void {
    let next = 0
    let timer: NodeJS.Timeout | undefined
    const schedule = (): void => {
      const at = NUDGES_MS[next++]
      if (at === undefined) return
      timer = setTimeout(
        () => {
          this.options.queues
            .batches(identity)
            .nudge()
            .catch(() => undefined)
          schedule()
        },
        at - (NUDGES_MS[next - 2] ?? 0),
      )
    }
    schedule()
    return () => clearTimeout(timer)
  }

  async #queue(run: NewRun, batches: number): Promise<void> {
    const { queues, admission } = this.options
    if (run.listing && run.model !== undefined) {
      admission.count(listingQueueName(run.model), 1)
      await queues.listings(run.model).add([listingJob(run.id)])
    } else {
      const toQueue = { batches: Array.from({ length: batches }, (_, batch) => batch), generation: 0 }
      await queueBatches(queues, run, toQueue, true)
    }
  }
}

/** Whether a run was stored must be said: whoever repeats a request that was accepted runs its action twice. */
function explain(error: unknown): never {
  const meaning = redisErrorOf(error)?.meaning
  if (meaning === undefined) throw error
  if (meaning === 'uncertain') throw uncertainWhetherAccepted(error)
  throw new FlexActionError('unavailable', REFUSED, { cause: error, retryAfter: TRY_AGAIN_SECONDS })
}
