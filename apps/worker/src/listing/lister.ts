import type { CollectionDefinition, RecordId, RecordPage } from '@flexaction/shared'
import type { Logger } from '@flexaction/shared/logging'
import {
  type Consumer,
  type JobQueue,
  type JobQueues,
  type ListingJobData,
  listingQueueName,
  queueBatches,
  readListingJob,
  type TakenJob,
} from '@flexaction/shared/queues'
import {
  type Backlog,
  type ListedPage,
  type ListingStore,
  type StartedListing,
  windowFor,
} from '@flexaction/shared/runs'
import type { OwnedBatches } from '../owning/owned-batches.js'
import { readThrown } from '../values/index.js'
import { checkPage } from './check-page.js'
import { listPage } from './list-page.js'

export interface ListerOptions {
  store: ListingStore
  queues: JobQueues
  backlog: Backlog
  owned: OwnedBatches
  logger: Logger
  /** Longest time of one page, in ms. */
  pageWithinMs: number
  /** Most items that may be listed for one run. */
  mostItems: number
  /** Live workers. */
  liveWorkers(): number
  onError(error: unknown): void
  /** More listings could be begun now. */
  onGrown(lister: Lister): void
}

/** Records wanted per page. */
const PER_PAGE = 1_000
/** Listings at once, per collection and process. */
const AT_ONCE = 4
/** A page that fails is asked for again after these pauses, in ms; then the listing is given up. */
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000]
/** Slots are not known here: enough batches to keep an action with the default of them busy. */
const ASSUMED_SLOTS = 50
/** A listing has no batch of its own. */
const NO_BATCH = -1
/** Cursors that are remembered, to notice one that comes again. */
const MOST_CURSORS = 100_000

/** Lists the records of runs on all of a collection, page by page, from where the last page ended. */
export class Lister implements Consumer<ListingJobData> {
  readonly queue: JobQueue<ListingJobData>
  readonly #stopping = new AbortController()
  readonly #listing = new Set<Promise<void>>()
  #pausing = 0

  constructor(
    private readonly collection: CollectionDefinition,
    private readonly options: ListerOptions,
  ) {
    this.queue = options.queues.listings(collection.name)
  }

  capacity(): number {
    // Those that wait before they ask again leave their place to others.
    return this.#stopping.signal.aborted ? 0 : AT_ONCE - (this.#listing.size - this.#pausing)
  }

  process(job: TakenJob): void {
    const listing = this.#process(job)
      .catch(this.options.onError)
      .finally(() => {
        this.#listing.delete(listing)
        this.options.onGrown(this)
      })
    this.#listing.add(listing)
  }

  /** Listings end at once: pages that are not stored yet are listed again by another worker. */
  quiet(): void {
    this.#stopping.abort(new Error('the worker is shutting down'))
  }

  /** Resolves when no listing is in hand. */
  async drained(): Promise<void> {
    await Promise.all(this.#listing)
  }

  async #process(job: TakenJob): Promise<void> {
    const { owned, store } = this.options
    const data = readListingJob(job)
    if (!data) {
      await this.queue.end(job.id, 'this job was not made for a run on all records: nothing was done', true, false)
      return
    }
    const lost = new AbortController()
    const mine = owned.add({ run: data.run, batch: NO_BATCH, onLost: () => lost.abort() })
    try {
      const listing = await store.start(data.run, mine.token, this.collection.name)
      const end = listing ? await this.#list(listing, AbortSignal.any([lost.signal, this.#stopping.signal])) : 'done'
      if (end === 'done') await this.queue.end(job.id, 'listed', false, false)
      else await this.queue.giveBack(job.id)
    } finally {
      mine.remove()
    }
  }

  async #list(listing: StartedListing, signal: AbortSignal): Promise<'done' | 'released'> {
    const cursors = new Set<string>()
    for (let failures = 0; ;) {
      if (signal.aborted) return 'released'
      let page: RecordPage
      try {
        page = await this.#page(listing, cursors, signal)
      } catch (error) {
        if (signal.aborted) return 'released'
        const pause = PAUSES_MS[failures++]
        if (pause === undefined) return await this.#giveUp(listing, error)
        const context = { err: readThrown(error), run: listing.run.id, collection: this.collection.name }
        this.options.logger.warn(context, 'listing records failed; trying again')
        this.#pausing++
        this.options.onGrown(this)
        await paused(pause, signal)
        this.#pausing--
        continue
      }
      failures = 0
      if (!(await this.#add(listing, page)) || page.next === undefined) return 'done'
    }
  }

  async #page(listing: StartedListing, cursors: Set<string>, signal: AbortSignal): Promise<RecordPage> {
    const { pageWithinMs, mostItems } = this.options
    const { name } = this.collection
    const request = { cursor: listing.cursor, limit: PER_PAGE, search: undefined }
    const page = checkPage(name, await listPage(this.collection, request, pageWithinMs, signal), listing.cursor)
    if (listing.run.total + page.records.length > mostItems)
      throw new Error(
        `collection '${name}': more than ${mostItems} records were listed, which MAX_PENDING_ITEMS does not allow`,
      )
    if (page.next !== undefined && cursors.has(page.next))
      throw new Error(`collection '${name}': list() must return another next each time, received '${page.next}' again`)
    if (page.next !== undefined && cursors.size < MOST_CURSORS) cursors.add(page.next)
    return page
  }

  async #add(listing: StartedListing, { records, next }: RecordPage): Promise<boolean> {
    const { store } = this.options
    const listed = new Map(records.map(({ id }) => [String(id), id]))
    const ids = [...listing.rest, ...(await store.withoutExcluded(listing.run.id, [...listed.values()]))]
    const size = listing.run.chunkSize
    const done = next === undefined
    const full = done ? ids.length : ids.length - (ids.length % size)
    const chunks: RecordId[][] = []
    for (let at = 0; at < full; at += size) chunks.push(ids.slice(at, Math.min(at + size, full)))
    const rest = ids.slice(full)
    const stored = await this.#store(listing, { chunks, rest, cursor: next ?? '', then: done ? 'done' : 'more' })
    listing.cursor = next
    listing.rest = rest
    return stored
  }

  async #giveUp(listing: StartedListing, error: unknown): Promise<'done'> {
    const failure = readThrown(error)
    const context = { err: failure, run: listing.run.id, collection: this.collection.name }
    this.options.logger.error(context, 'listing records failed for good; the run ends with what was listed')
    const message = `not all records of '${this.collection.name}' could be listed: ${failure.message}`
    const then = { failed: { message, kind: 'unexpected' as const } }
    const chunks = listing.rest.length > 0 ? [listing.rest] : []
    await this.#store(listing, { chunks, rest: [], cursor: listing.cursor ?? '', then })
    return 'done'
  }

  /** Returns false when another worker lists, or the run was given up. */
  async #store(listing: StartedListing, page: Omit<ListedPage, 'window'>): Promise<boolean> {
    const { store, queues, backlog, liveWorkers, logger } = this.options
    const { run, restCounted } = listing
    const begins = run.total === 0
    const window = windowFor(run.batchSize, liveWorkers(), ASSUMED_SLOTS)
    const reply = await store.add(listing, { ...page, window })
    if (page.then !== 'more' && reply.status !== 'lost') backlog.ended(listingQueueName(this.collection.name), 1)
    if (reply.status !== 'recorded') return false
    const items = page.chunks.reduce((sum, chunk) => sum + chunk.length, 0) - (page.chunks.length > 0 ? restCounted : 0)
    if (page.chunks.length > 0) listing.restCounted = 0
    run.total += items
    backlog.ended(run.identity, -items)
    await queueBatches(queues, run, reply.queue, begins).catch((error: unknown) => {
      logger.error({ err: error, run: run.id }, 'queuing listed batches failed; the reconciler will do it')
    })
    return true
  }
}

/** Resolves after a pause, or when `signal` aborts. */
function paused(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
