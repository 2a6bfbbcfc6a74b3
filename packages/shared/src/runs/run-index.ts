import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import type { NewRun, Run } from './run.js'
import { RunScript, type RunScriptContext } from './run-scripts.js'

const purgeRun = new RunScript('purge-run')

/** Where a run stands in the lists: enough to take it out of them when the run itself is gone. */
type Listed = Pick<Run, 'id' | 'action' | 'user'>

/**
 * The lists of runs: all, by action, by user, open, ended, and those that must start before a time. They lie on other
 * shards than the runs, so they are written beside them: before a run exists, after it has ended. What a crash leaves in
 * between is put right by the reconciler; readers pass over entries without a run.
 */
export class RunIndex {
  readonly #redis: RedisClient
  readonly #keys: Keys

  constructor(private readonly context: RunScriptContext) {
    this.#redis = context.redis
    this.#keys = context.keys
  }

  /** The run is about to be stored. */
  async enter(run: NewRun): Promise<void> {
    const keys = this.#keys
    const lists = [keys.openRuns, ...this.#listsOf(run)]
    const entered = lists.map((list) => this.#redis.zadd(list, 0, run.id))
    if (run.expiresAt !== undefined) entered.push(this.#redis.zadd(keys.expiringRuns, String(run.expiresAt), run.id))
    await Promise.all(entered)
  }

  /** The run has ended: from now on retention looks after it. */
  async ended(run: Listed, finishedAt: number): Promise<void> {
    const { endedRuns, openRuns } = this.#keys
    await Promise.all([this.#redis.zadd(endedRuns, finishedAt, entryOf(run)), this.#redis.zrem(openRuns, run.id)])
  }

  /** An ended run is about to be reopened. */
  async reopening({ id }: Listed): Promise<void> {
    await this.#redis.zadd(this.#keys.openRuns, 0, id)
  }

  /** It was reopened. */
  async reopened(run: Listed): Promise<void> {
    await this.#redis.zrem(this.#keys.endedRuns, entryOf(run))
  }

  /** An entry among the open runs without a run: it never came to be, or its keys have expired. */
  async forget(id: string): Promise<void> {
    await this.#redis.zrem(this.#keys.openRuns, id)
  }

  /** Runs that had to start by `now`, at most `most`. */
  async due(now: number, most: number): Promise<string[]> {
    return this.#redis.zrangebyscore(this.#keys.expiringRuns, 0, String(now), 'LIMIT', 0, most)
  }

  async notExpiring(id: string): Promise<void> {
    await this.#redis.zrem(this.#keys.expiringRuns, id)
  }

  /**
   * Removes ended runs: those that ended before `before`, and the oldest beyond `keep`. At most `most` at a time; returns
   * how many it removed.
   */
  async purge(before: number, keep: number, most: number): Promise<number> {
    const { endedRuns } = this.#keys
    const surplus = Math.min(most, (await this.#redis.zcard(endedRuns)) - keep)
    const [old, beyond] = await Promise.all([
      this.#redis.zrangebyscore(endedRuns, 0, String(before), 'LIMIT', 0, most),
      surplus > 0 ? this.#redis.zrange(endedRuns, '0', String(surplus - 1)) : [],
    ])
    const entries = [...new Set([...old, ...beyond])].slice(0, most)
    await Promise.all(entries.map((entry) => this.#remove(entry)))
    return entries.length
  }

  async #remove(entry: string): Promise<void> {
    const run = parseEntry(entry)
    const removed = (await purgeRun.run(this.context, run.id)) === 1
    // Not removed: a retry has reopened it meanwhile, and it is among the open ones.
    if (removed) await Promise.all(this.#listsOf(run).map((list) => this.#redis.zrem(list, run.id)))
    await this.#redis.zrem(this.#keys.endedRuns, entry)
  }

  #listsOf({ action, user }: Listed): string[] {
    return [this.#keys.runs, this.#keys.runsOfAction(action), this.#keys.runsOfUser(user.name)]
  }
}

function entryOf({ id, action, user }: Listed): string {
  return JSON.stringify([id, action, user.name])
}

function parseEntry(entry: string): Listed {
  const [id, action, name] = JSON.parse(entry) as [string, string, string]
  return { id, action, user: { name, role: 'viewer' } }
}
