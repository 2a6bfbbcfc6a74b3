import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import { parseLease } from './lease.js'
import { parseRun, type Run } from './run.js'
import { runIdTime } from './run-id.js'

/** A run that has not ended, as far as the index of open runs knows. */
export interface OpenRun {
  id: string
  /** `undefined`: it was never stored, or is gone. */
  run: Run | undefined
  /** Batches that should have a job: queued, running, or waiting for a retry. */
  batches: { batch: number; generation: number }[]
  /** It was made a moment ago: it may not be stored yet, or its jobs may not be added yet. */
  fresh: boolean
}

const PER_READ = 100
/** A run that is just being accepted stands in the index before it is stored, and is stored before its jobs are added. */
const FRESH_FOR_MS = 2_000

/** The index of runs that have not ended. */
export class OpenRuns {
  constructor(
    private readonly redis: RedisClient,
    private readonly keys: Keys,
  ) {}

  /** All of them, oldest first. */
  async *scan(): AsyncGenerator<OpenRun> {
    const until = Date.now() - FRESH_FOR_MS
    let after: string | undefined
    for (;;) {
      const ids = await this.redis.zrange(
        this.keys.openRuns,
        after ? `(${after}` : '-',
        '+',
        'BYLEX',
        'LIMIT',
        0,
        PER_READ,
      )
      for (const id of ids) {
        const [run, leases] = await Promise.all([
          this.redis.hgetall(this.keys.run(id)),
          this.redis.hgetall(this.keys.leases(id)),
        ])
        const parsed = parseRun(run)
        yield { id, run: parsed, batches: withJobs(leases, parsed?.directUntil), fresh: runIdTime(id) > until }
      }
      after = ids.at(-1)
      if (ids.length < PER_READ) return
    }
  }
}

function withJobs(leases: Readonly<Record<string, string>>, directUntil = 0): OpenRun['batches'] {
  return Object.entries(leases).flatMap(([batch, text]) => {
    const { direct, state, generation } = parseLease(text)
    const inHand = direct && state === 'running' && directUntil > Date.now()
    return state === 'parked' || inHand ? [] : [{ batch: Number(batch), generation }]
  })
}
