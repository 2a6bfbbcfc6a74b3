import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { cpuMs } from './program.js'

type Method = (...args: never[]) => Promise<unknown>

/** A baseline's program: answers the calls of {@link Peer}. Ends with the bench. */
export function serve(methods: Readonly<Record<string, Method>>): void {
  process.on('message', ({ id, method, args }: { id: number; method: string; args: never[] }) => {
    const answer = (body: object): void => void process.send?.({ id, ...body })
    void Promise.resolve()
      .then(() => methods[method]?.(...args))
      .then(
        (result) => answer({ result }),
        (error: unknown) => answer({ error: error instanceof Error ? error.stack : String(error) }),
      )
  })
  process.on('disconnect', () => process.exit(0))
}

/** A baseline in a process of its own. */
export class Peer {
  readonly #child: ChildProcess
  readonly #pending = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  #calls = 0

  /** `program`: a module of `baselines/`. */
  constructor(program: string) {
    this.#child = fork(fileURLToPath(new URL(`../baselines/${program}.js`, import.meta.url)))
    this.#child.on('message', ({ id, result, error }: { id: number; result?: unknown; error?: string }) => {
      const pending = this.#pending.get(id)
      this.#pending.delete(id)
      if (error === undefined) pending?.resolve(result)
      else pending?.reject(new Error(error))
    })
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#pending.values()) reject(new Error(`the baseline ${program} ended (${code})`))
    })
  }

  get cpuMs(): number {
    return cpuMs(this.#child.pid ?? 0)
  }

  call<T>(method: string, ...args: unknown[]): Promise<T> {
    const id = ++this.#calls
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject })
      this.#child.send({ id, method, args })
    })
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.disconnect()
    await gone
  }
}
