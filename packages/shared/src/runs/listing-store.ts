import type { RecordId } from '../definitions/context.js'
import { recordKey } from '../definitions/record-id.js'
import { packIds, unpackIds } from './packed-ids.js'
import { type Ended, isEnded, readEndedRun } from './ended-run.js'
import { type ItemError, parseRunReply, type Run } from './run.js'
import type { RunIndex } from './run-index.js'
import { RunScript, type RunScriptContext } from './run-scripts.js'
import type { ToQueue } from './run-store.js'

const startListing = new RunScript('start-listing')
const listRecords = new RunScript('list-records')

/** A run whose records this worker lists. */
export interface StartedListing {
  run: Run
  token: string
  /** Where to go on; `undefined` at the beginning. */
  cursor: string | undefined
  /** Listed already, and too few for a chunk. */
  rest: RecordId[]
  /** How many of `rest` are items of the run already, because the listing was resumed. */
  restCounted: number
  /** Pages that were stored. */
  pages: number
}

/** A page of a listing, ready to be stored. */
export interface ListedPage {
  /** Ids of full chunks, and of the last one when the listing is done. */
  chunks: readonly (readonly RecordId[])[]
  rest: readonly RecordId[]
  cursor: string
  then: 'more' | 'done' | { failed: ItemError }
  window: number
}

/** `lost`: another worker lists, or the run was given up. */
export type ListingReply = { status: 'recorded'; queue: ToQueue } | { status: 'ended' } | { status: 'lost' }

/** Listing the records of a run on all of a collection: what is listed and where the next page starts, in one write. */
export class ListingStore {
  constructor(
    private readonly context: RunScriptContext,
    private readonly index: RunIndex,
  ) {}

  /** Takes a listing over. `undefined`: there is nothing to list any more, or not of this collection. */
  async start(runId: string, token: string, collection: string): Promise<StartedListing | undefined> {
    const reply = (await startListing.run(this.context, runId, token, collection)) as
      [string | null, string, string[], number, number] | null
    const run = reply ? parseRunReply(reply[2]) : undefined
    if (!reply || !run) return undefined
    const [cursor, rest, , pages, restCounted] = reply
    return { run, token, cursor: cursor || undefined, rest: unpackIds(rest) as RecordId[], restCounted, pages }
  }

  /** Those of `ids` that the run's request did not exclude; compared by their keys. */
  async withoutExcluded(runId: string, ids: readonly RecordId[]): Promise<RecordId[]> {
    if (ids.length === 0) return []
    const { redis, keys } = this.context
    const excluded = await redis.smismember(keys.except(runId), ...ids.map(recordKey))
    return ids.filter((_, at) => excluded[at] !== 1)
  }

  /** Adds a page; it is counted in `listing`, so that one that is sent twice is added once. */
  async add(listing: StartedListing, page: ListedPage): Promise<ListingReply> {
    const { run, token } = listing
    listing.pages++
    const failed = typeof page.then === 'object'
    const reply = (await listRecords.run(
      this.context,
      run.id,
      token,
      page.cursor,
      failed ? 'failed' : (page.then as string),
      packIds(page.rest),
      page.chunks.reduce((sum, batch) => sum + batch.length, 0),
      page.window,
      failed ? JSON.stringify((page.then as { failed: ItemError }).failed) : '',
      listing.pages,
      ...page.chunks.map(packIds),
    )) as ['lost' | 'ok', string, ...string[]] | Ended
    if (isEnded(reply)) {
      this.index.ended(readEndedRun(reply.slice(1)), run.generation)
      return { status: 'ended' }
    }
    const [status, generation, ...batches] = reply
    if (status === 'lost') return { status }
    return { status: 'recorded', queue: { batches: batches.map(Number), generation: Number(generation) } }
  }
}
