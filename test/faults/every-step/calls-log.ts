import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { CallLine } from '../harness/installation.js'

/** What handlers really did, read on from where the last look ended, by run. */
export class CallsLog {
  readonly #byRun = new Map<string, CallLine[]>()
  readonly #path: string
  #offset = 0
  #rest = ''

  constructor(dir: string) {
    this.#path = join(dir, 'calls.log')
  }

  async read(): Promise<void> {
    const file = await open(this.#path).catch(() => undefined)
    if (!file) return
    try {
      for await (const piece of file.createReadStream({ start: this.#offset, encoding: 'utf8', autoClose: false })) {
        const text = piece as string
        this.#offset += Buffer.byteLength(text)
        const lines = (this.#rest + text).split('\n')
        this.#rest = lines.pop() ?? ''
        for (const line of lines) this.#take(JSON.parse(line) as CallLine)
      }
    } finally {
      await file.close()
    }
  }

  of(run: string): readonly CallLine[] {
    return this.#byRun.get(run) ?? []
  }

  /** All runs that were called. */
  get runs(): string[] {
    return [...this.#byRun.keys()]
  }

  /** Keeps of a run's lines only what and when: it has been judged. */
  slim(run: string): void {
    this.#byRun.set(
      run,
      this.of(run).map((line) => ({ ...line, ids: [] })),
    )
  }

  #take(line: CallLine): void {
    const lines = this.#byRun.get(line.run)
    if (lines) lines.push(line)
    else this.#byRun.set(line.run, [line])
  }
}
