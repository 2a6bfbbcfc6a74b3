import { readFileSync } from 'node:fs'
import type { RedisClient } from './connect.js'

type Invoke = (...keysAndArguments: (string | number)[]) => Promise<unknown>

/**
 * A Lua script of `packages/shared/lua`; its file says what its keys and arguments are. Sent once per connection, then
 * called by its hash.
 */
export class Script {
  readonly #name: string
  readonly #lua: string
  readonly #keys: number

  /** `libs`: files of `lua/lib` that are put before the script's own text. */
  constructor(file: string, keys: number, libs: readonly string[] = []) {
    this.#name = `flexaction:${file}`
    this.#lua = [...libs.map((lib) => `lib/${lib}`), file].map(readLua).join('')
    this.#keys = keys
  }

  run(redis: RedisClient, ...keysAndArguments: (string | number)[]): Promise<unknown> {
    // ioredis adds a method per script at run time, so its type cannot be known.
    const client = redis as unknown as Record<string, Invoke | undefined>
    if (!client[this.#name]) redis.defineCommand(this.#name, { lua: this.#lua, numberOfKeys: this.#keys })
    const invoke = client[this.#name] as Invoke
    return invoke.apply(redis, keysAndArguments)
  }
}

function readLua(file: string): string {
  return readFileSync(new URL(`../../lua/${file}.lua`, import.meta.url), 'utf8')
}
