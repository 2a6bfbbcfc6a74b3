import type { CollectionDefinition, RecordId, RecordPage } from '@flexaction/shared'
import type { Logger } from '@flexaction/shared/logging'
import { maskSecrets } from '@flexaction/shared/logging'
import type { BatchQueues, ListingEnd } from '@flexaction/shared/queues'
import {
  type Backlog,
  type ListedPage,
  type ListingStore,
  type StartedListing,
  windowFor,
} from '@flexaction/shared/runs'
import { randomBytes } from 'node:crypto'
import { checkPage } from './check-page.js'

export interface ListerOptions {
  store: ListingStore
  queues: BatchQueues
  backlog: Backlog
  logger: Logger
  /** Live workers of this group. */
  liveWorkers(): number
}

/** Records wanted per page. */
const PER_PAGE = 1_000
/** One page may take this long, in ms. */
const PAGE_WITHIN_MS = 60_000
/** A page that fails is asked for again after these pauses, in ms; then the listing is given up. */
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000]
/** Slots are not known here: enough batches to keep an action with the default of them busy. */
const ASSUMED_SLOTS = 50

/** Lists the records of runs on all of a collection, page by page, from where the last page ended. */
export class Lister {
  readonly #stopping = new AbortController()
  /** Pages that failed in a row, by run. */
  readonly #failures = new Map<string, number>()

  constructor(
    private readonly collection: CollectionDefinition,
    private readonly options: ListerOptions,
  ) {}

  /** Listings end after the page in hand. */
  stop(): void {
    this.#stopping.abort(new Error('the worker is shutting down'))
  }

  async list(runId: string): Promise<ListingEnd> {
    const listing = await this.options.store.start(runId, randomBytes(9).toString('base64url'))
    if (!listing) return { kind: 'done' }
    for (;;) {
      if (this.#stopping.signal.aborted) return { kind: 'release' }
      let page: RecordPage
      try {
        page = await this.#page(listing.cursor)
      } catch (error) {
        if (this.#stopping.signal.aborted) return { kind: 'release' }
        return await this.#failed(listing, error)
      }
      this.#failures.delete(runId)
      if ((await this.#add(listing, page)) !== 'more') return { kind: 'done' }
    }
  }

  async #page(cursor: string | undefined): Promise<RecordPage> {
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(PAGE_WITHIN_MS)])
    const page = await this.collection.options.list({ cursor, limit: PER_PAGE, search: undefined, signal })
    return checkPage(this.collection.name, page, cursor)
  }

  async #add(listing: StartedListing, { records, next }: RecordPage): Promise<'more' | 'done'> {
    const { store } = this.options
    const listed = new Map(records.map(({ id }) => [String(id), id]))
    const ids = [...listing.rest, ...(await store.withoutExcluded(listing.run.id, [...listed.values()]))]
    const { batchSize } = listing.run
    const done = next === undefined
    const full = done ? ids.length : ids.length - (ids.length % batchSize)
    const batches: RecordId[][] = []
    for (let at = 0; at < full; at += batchSize) batches.push(ids.slice(at, Math.min(at + batchSize, full)))
    const rest = ids.slice(full)
    const stored = await this.#store(listing, { batches, rest, cursor: next ?? '', then: done ? 'done' : 'more' })
    listing.cursor = next
    listing.rest = rest
    return stored && !done ? 'more' : 'done'
  }

  async #failed(listing: StartedListing, error: unknown): Promise<ListingEnd> {
    const { run } = listing
    const failures = this.#failures.get(run.id) ?? 0
    const pause = PAUSES_MS[failures]
    const context = { err: error, run: run.id, collection: this.collection.name }
    if (pause !== undefined) {
      this.options.logger.warn(context, 'listing records failed; trying again')
      this.#failures.set(run.id, failures + 1)
      return { kind: 'later', at: Date.now() + pause }
    }
    this.options.logger.error(context, 'listing records failed for good; the run ends with what was listed')
    this.#failures.delete(run.id)
    const message = `not all records of '${this.collection.name}' could be listed: ${maskSecrets(String(error))}`
    const then = { failed: { message, kind: 'unexpected' as const } }
    const batches = listing.rest.length > 0 ? [listing.rest] : []
    await this.#store(listing, { batches, rest: [], cursor: listing.cursor ?? '', then })
    return { kind: 'done' }
  }

  /** Returns false when another worker lists, or the run was given up. */
  async #store(listing: StartedListing, page: Omit<ListedPage, 'window'>): Promise<boolean> {
    const { store, queues, backlog, liveWorkers, logger } = this.options
    const { run } = listing
    const window = windowFor(run.batchSize, liveWorkers(), ASSUMED_SLOTS)
    const reply = await store.add(listing, { ...page, window })
    if (reply.status !== 'recorded') return false
    const items = page.batches.reduce((sum, batch) => sum + batch.length, 0)
    run.total += items
    backlog.ended(-items)
    await queues.add(run, reply.queue).catch((error: unknown) => {
      logger.error({ err: error, run: run.id }, 'queuing listed batches failed; the reconciler will do it')
    })
    return true
  }
}
