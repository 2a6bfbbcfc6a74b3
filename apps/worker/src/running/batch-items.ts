import type { RecordId } from '@flexaction/shared'
import { attemptsSinceReopened, foldLog, type ItemHistory, type StartedBatch, unpackIds } from '@flexaction/shared/runs'

/** The items of a batch: their ids, and what had happened to them before this worker took the batch. */
export class BatchItems {
  readonly ids: readonly (RecordId | null)[]
  readonly #chunkSize: number
  /** Place of the batch's first item in the run. */
  readonly #first: number
  /** By position; empty for a batch of which nothing has happened yet: most are. */
  readonly #histories: readonly ItemHistory[]
  #positions: Map<string, number> | undefined

  constructor({ run, batch, chunks }: StartedBatch) {
    this.#chunkSize = run.chunkSize
    this.#first = batch * run.batchSize
    const idsOfChunks = chunks.map(({ packedIds }) => unpackIds(packedIds))
    const from = this.#first % run.chunkSize
    this.ids = idsOfChunks.flat().slice(from, from + run.batchSize)
    const untouched = run.closed.length === 0 && chunks.every(({ log }) => log === null)
    const histories = untouched
      ? []
      : chunks.flatMap(({ log }, at) => foldLog(log, idsOfChunks[at]?.length ?? 0, { closed: run.closed }))
    this.#histories = histories.slice(from, from + run.batchSize)
  }

  /** Where the log of an item lies, and its place there. */
  placeOf(position: number): { chunk: number; position: number } {
    const place = this.#first + position
    return { chunk: Math.floor(place / this.#chunkSize), position: place % this.#chunkSize }
  }

  /**
   * Positions of the items that are to be called at `now`, since when the last of them is due for a retry (0: none is), and when the next
   * one is; in Redis's time.
   */
  due(now: number): { positions: number[]; dueAt: number; nextAt: number } {
    let dueAt = 0
    const positions: number[] = []
    let nextAt = Number.POSITIVE_INFINITY
    for (let position = 0; position < this.ids.length; position++) {
      const { state = 'waiting', retryAt = 0 } = this.#histories[position] ?? {}
      if (state !== 'waiting') continue
      if (retryAt <= now) {
        positions.push(position)
        dueAt = Math.max(dueAt, retryAt)
      } else nextAt = Math.min(nextAt, retryAt)
    }
    return { positions, dueAt, nextAt }
  }

  positionOf(id: RecordId): number | undefined {
    this.#positions ??= new Map(this.ids.map((known, position) => [String(known), position]))
    return this.#positions.get(String(id))
  }

  /** The number of an item's next call: 1, 2, … */
  attemptOf(position: number): number {
    return (this.#histories[position]?.attempts ?? 0) + 1
  }

  /** The same, as the retry policy counts it: a retry of the run starts anew. */
  attemptsCounted(position: number): number {
    const history = this.#histories[position]
    return history ? attemptsSinceReopened(history) + 1 : 1
  }
}
