import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import type { EndedRun } from './ended-run.js'
import type { NewRun, Run } from './run.js'
import { runIdTime } from './run-id.js'
import { RunScript, type RunScriptContext } from './run-scripts.js'

const purgeRun = new RunScript('purge-run', 'any')

/** Runs that ended are taken out of the open ones this much later, several at a time, in ms. */
const FLUSH_EVERY_MS = 100
/** Runs that one page of the purge looks at. */
const PER_PAGE = 200
const REMOVED_AT_ONCE = 25
/** Sorts after all entries of the run whose id it follows. */
const AFTER_ITS_ENTRIES = '/'
const GENERATION_DIGITS = 9

/**
 * The lists of runs: all, by action, by user, open, and those that must start before a time. They lie on other shards than the
 * runs, so they are written beside them: before a run exists, after it has ended. What a crash leaves in between is put right
 * by the reconciler; readers pass over entries without a run.
 */
export class RunIndex {
  readonly #redis: RedisClient
  readonly #keys: Keys
  #ended: Pick<Run, 'id' | 'generation'>[] = []
  #timer: NodeJS.Timeout | undefined
  #flushing: Promise<void> = Promise.resolve()

  /** `onEnded`: called for each run of whose end this process learns. */
  constructor(
    private readonly context: RunScriptContext,
    private readonly onError: (error: unknown) => void,
    private readonly onEnded: (run: EndedRun) => void = () => undefined,
  ) {
    this.#redis = context.redis
    this.#keys = context.keys
  }

  /** The run is about to be stored: no run may exist that is in no list. Commands of one connection keep their order. */
  async enter(run: NewRun): Promise<void> {
    const keys = this.#keys
    const lists = [keys.openRuns, ...this.#listsOf(run.action, run.user.name)]
    const entered = lists.map((list) => this.#redis.zadd(list, 0, run.id))
    if (run.expiresAt !== undefined) entered.push(this.#redis.zadd(keys.expiringRuns, String(run.expiresAt), run.id))
    await Promise.all(entered)
  }

  /**
   * The run has ended: soon it stands among the open ones no more. `generation`: one that it had since its last retry. Entries of
   * later retries stay, however late this is written.
   */
  ended(run: EndedRun, generation: number): void {
    this.#ended.push({ id: run.id, generation })
    this.onEnded(run)
    this.#timer ??= setTimeout(() => {
      this.#flushing = this.#flush()
    }, FLUSH_EVERY_MS)
  }

  async stop(): Promise<void> {
    await this.#flushing
    await this.#flush()
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const ended = this.#ended.splice(0)
    try {
      await Promise.all(ended.map(({ id, generation }) => this.#removeOpen(id, openEntry(id, generation))))
    } catch (error) {
      // They are found among the open runs by the reconciler.
      this.onError(error)
    }
  }

  /** Removes a run's entries from the open runs, up to that of `last`. */
  async #removeOpen(id: string, last: string): Promise<void> {
    await this.#redis.zremrangebylex(this.#keys.openRuns, `[${id}`, `[${last}`)
  }

  /** An ended run is about to be reopened as `generation`. */
  async reopening(id: string, generation: number): Promise<void> {
    await this.#redis.zadd(this.#keys.openRuns, 0, openEntry(id, generation))
  }

  /** Open runs in the order of their ids, after the run `cursor`; some that ended lately are still among them. */
  async open(cursor: string | undefined, most: number): Promise<{ ids: string[]; next?: string }> {
    const from = cursor ? `(${cursor}${AFTER_ITS_ENTRIES}` : '-'
    const entries = await this.#redis.zrange(this.#keys.openRuns, from, '+', 'BYLEX', 'LIMIT', 0, most)
    const ids = [...new Set(entries.map((entry) => entry.split('.', 1)[0] ?? entry))]
    const last = ids.at(-1)
    return { ids, ...(entries.length === most && last !== undefined && { next: last }) }
  }

  /** An entry among the open runs without a run: it never came to be, or was removed. */
  async forget(id: string): Promise<void> {
    await this.#removeOpen(id, `${id}${AFTER_ITS_ENTRIES}`)
  }

  /** Runs that had to start by `now` (Redis's time), at most `most`. */
  async due(now: number, most: number): Promise<string[]> {
    return this.#redis.zrangebyscore(this.#keys.expiringRuns, 0, String(now), 'LIMIT', 0, most)
  }

  async notExpiring(id: string): Promise<void> {
    await this.#redis.zrem(this.#keys.expiringRuns, id)
  }

  /**
   * Removes ended runs: those that ended before `before` (Redis's time), and the oldest beyond `keep`. Looks at one page of
   * the oldest runs, from `cursor` on. Returns how many it removed, and the cursor of the next page, if one is worth a look.
   */
  async purge(before: number, keep: number, cursor?: string): Promise<{ removed: number; next?: string }> {
    const { runs, openRuns } = this.#keys
    const [ids, all, open] = await Promise.all([
      this.#redis.zrange(runs, cursor ? `(${cursor}` : '-', '+', 'BYLEX', 'LIMIT', 0, PER_PAGE),
      this.#redis.zcard(runs),
      this.#redis.zcard(openRuns),
    ])
    const surplus = all - open - keep
    // Runs that were made later cannot have ended before.
    const old = ids.filter((id, at) => at < surplus || runIdTime(id) < before)
    let removed = 0
    for (let at = 0; at < old.length; at += REMOVED_AT_ONCE) {
      const some = old.slice(at, at + REMOVED_AT_ONCE)
      const gone = await Promise.all(some.map((id, n) => this.remove(id, at + n < surplus ? undefined : before)))
      removed += gone.filter(Boolean).length
    }
    if (old.length < PER_PAGE) return { removed }
    const last = ids.at(-1)
    return { removed, ...(last !== undefined && { next: last }) }
  }

  /** Removes a run with all that belongs to it, unless it is open, or ended after `before`. Returns whether it is gone. */
  async remove(id: string, before?: number): Promise<boolean> {
    const [action, user, state] = await this.#redis.hmget(this.#keys.run(id), 'action', 'user', 'state')
    // An entry without a run may be that of one that is being accepted, unless it is old.
    if (!state && runIdTime(id) < (before ?? 0)) await this.#redis.zrem(this.#keys.runs, id)
    if (!state || (await purgeRun.run(this.context, id, before ?? '')) !== 1) return false
    // A crash in between leaves entries without a run, likewise.
    await Promise.all([
      this.forget(id),
      ...this.#listsOf(action ?? '', user ?? '').map((list) => this.#redis.zrem(list, id)),
    ])
    return true
  }

  #listsOf(action: string, user: string): string[] {
    return [this.#keys.runs, this.#keys.runsOfAction(action), this.#keys.runsOfUser(user)]
  }
}

/**
 * What stands for a run among the open ones. Each retry enters the run anew before it reopens it, so that whoever takes out a run
 * that ended before cannot take out the one that was reopened.
 */
function openEntry(id: string, generation: number): string {
  return generation === 0 ? id : `${id}.${String(generation).padStart(GENERATION_DIGITS, '0')}`
}
