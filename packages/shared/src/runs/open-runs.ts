import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import { parseRun, type Run } from './run.js'
import { runIdTime } from './run-id.js'

/** A run that has not ended, as far as the index of open runs knows. */
export interface OpenRun {
  id: string
  /** `undefined`: it was never stored, or is gone. */
  run: Run | undefined
  /** Batches that should have a job: queued, running, or waiting for a retry. */
  batches: number[]
}

const PER_READ = 100
/** A run that is just being accepted stands in the index before it is stored, and is stored before its jobs are added. */
const LEFT_ALONE_MS = 2_000

/** The index of runs that have not ended. */
export class OpenRuns {
  constructor(
    private readonly redis: RedisClient,
    private readonly keys: Keys,
  ) {}

  /** All of them, oldest first; those accepted in the last two seconds are left alone. */
  async *scan(): AsyncGenerator<OpenRun> {
    const until = Date.now() - LEFT_ALONE_MS
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
        if (runIdTime(id) > until) return
        const [run, leases] = await Promise.all([
          this.redis.hgetall(this.keys.run(id)),
          this.redis.hkeys(this.keys.leases(id)),
        ])
        yield { id, run: parseRun(run), batches: leases.map(Number) }
      }
      after = ids.at(-1)
      if (ids.length < PER_READ) return
    }
  }

  /** The run has ended, or never came to be. */
  async forget(id: string): Promise<void> {
    await this.redis.zrem(this.keys.openRuns, id)
  }
}
