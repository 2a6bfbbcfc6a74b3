import type { RecordId } from '@flexaction/shared'
import {
  attemptsSinceReopened,
  chunkSize,
  foldLog,
  type ItemHistory,
  type StartedBatch,
  unpackIds,
} from '@flexaction/shared/runs'

/** The items of a batch: their ids, and what had happened to them before this worker took the batch. */
export class BatchItems {
  readonly ids: readonly (RecordId | null)[]
  /** Place of the batch's first item in its chunk. */
  readonly base: number
  /** By position; empty for a batch of which nothing has happened yet: most are. */
  readonly #histories: readonly ItemHistory[]
  #positions: Map<string, number> | undefined

  constructor({ run, batch, packedIds, log }: StartedBatch) {
    this.base = (batch * run.batchSize) % chunkSize(run)
    const inChunk = unpackIds(packedIds)
    this.ids = inChunk.slice(this.base, this.base + run.batchSize)
    const untouched = log === null && run.closed.length === 0
    const all = untouched ? [] : foldLog(log, inChunk.length, { closed: run.closed })
    this.#histories = all.slice(this.base, this.base + run.batchSize)
  }

  /** Positions of the items that are to be called at `now`, and when the next one is due; both in Redis's time. */
  due(now: number): { positions: number[]; nextAt: number } {
    const positions: number[] = []
    let nextAt = Number.POSITIVE_INFINITY
    for (let position = 0; position < this.ids.length; position++) {
      const { state = 'waiting', retryAt = 0 } = this.#histories[position] ?? {}
      if (state !== 'waiting') continue
      if (retryAt <= now) positions.push(position)
      else nextAt = Math.min(nextAt, retryAt)
    }
    return { positions, nextAt }
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
