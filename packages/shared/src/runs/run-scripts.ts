import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import { Script } from '../redis/script.js'

/** What every change of a run needs besides the run's id. */
export interface RunScriptContext {
  redis: RedisClient
  keys: Keys
  /** How long ended runs are kept, in ms. */
  retentionMs: number
}

/** One change of a run: a script over all of its keys, with what `lua/lib/run.lua` expects as first arguments. */
export class RunScript {
  readonly #script: Script

  constructor(file: string) {
    this.#script = new Script(file, 7, 'run')
  }

  run({ redis, keys, retentionMs }: RunScriptContext, runId: string, ...args: (string | number)[]): Promise<unknown> {
    const common = [Date.now(), retentionMs, keys.runEnded, keys.runCommands]
    return this.#script.run(redis, ...keys.allOfRun(runId), ...common, ...args)
  }
}
