import type { RedisClient } from '../redis/connect.js'
import type { Keys } from '../redis/keys.js'
import { Script } from '../redis/script.js'

/** What every change of a run needs besides the run's id. */
export interface RunScriptContext {
  redis: RedisClient
  keys: Keys
}

/** One change of a run: a script over all of its keys, with what `lua/lib/run.lua` expects as first argument. */
export class RunScript {
  readonly #script: Script

  /** `on`: which runs it works on. Any: it reckons with nothing that is stored. Intact ones: it refuses those that are damaged. */
  constructor(file: string, on: 'intact' | 'any' = 'intact') {
    this.#script = new Script(file, 7, on === 'any' ? ['run'] : ['run', 'intact'])
  }

  run({ redis, keys }: RunScriptContext, runId: string, ...args: (string | number)[]): Promise<unknown> {
    return this.#script.run(redis, ...keys.allOfRun(runId), keys.runCommands, ...args)
  }
}
