import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { until } from '../../harness/until.js'

/** Characters of its output that are remembered; the oldest half goes first. */
const OUTPUT_KEPT = 4_000_000

/** A gateway or a worker in a process of its own, as an operator starts it. */
export class AppProcess {
  readonly #child: ChildProcess
  #output = ''
  #exit: { code: number | null; signal: NodeJS.Signals | null } | undefined
  #endedAt: number | undefined

  constructor(
    readonly app: 'gateway' | 'worker',
    env: Record<string, string>,
  ) {
    const main = fileURLToPath(new URL(`../../../apps/${app}/dist/main.js`, import.meta.url))
    // As deploy/image/entrypoint.sh starts it.
    this.#child = spawn(process.execPath, ['--max-semi-space-size=8', main], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => this.#keep(chunk.toString()))
    this.#child.on('exit', (code, signal) => {
      this.#exit = { code, signal }
      this.#endedAt = Date.now()
    })
  }

  #keep(text: string): void {
    this.#output += text
    if (this.#output.length > OUTPUT_KEPT) this.#output = this.#output.slice(-OUTPUT_KEPT / 2)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** What it has written, line by line. */
  get log(): Record<string, unknown>[] {
    return this.#output
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  get output(): string {
    return this.#output
  }

  get alive(): boolean {
    return this.#exit === undefined
  }

  /** When it ended, in epoch ms. */
  get endedAt(): number | undefined {
    return this.#endedAt
  }

  /** The processes that it has started and that live. */
  get children(): number[] {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && parentOf(pid) === this.pid)
  }

  /** The line of the log with this text, once it is there. Fails at once when the process has ended. */
  async said(text: string, withinMs = 40_000): Promise<Record<string, unknown>> {
    return until(
      `${this.app} to say '${text}'`,
      () => {
        const line = this.log.find(({ msg }) => msg === text)
        if (!line && this.#exit) throw new Error(`the ${this.app} ended before it said '${text}':\n${this.#output}`)
        return line
      },
      withinMs,
    )
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#exit === undefined) this.#child.kill(signal)
  }

  async exited(withinMs = 40_000): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    return until(`the ${this.app} to end`, () => this.#exit, withinMs)
  }

  /** SIGKILL, as a crash would be. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.exited()
  }

  /** Memory that it uses, in MB: now, and at most so far. */
  get memory(): { now: number; peak: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8')
    const megabytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1_024
    return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') }
  }

  /** Begins the peak anew. */
  forgetPeak(write: (path: string, text: string) => void): void {
    write(`/proc/${this.pid}/clear_refs`, '5')
  }
}

/** Whether there is such a process that has not ended. */
export function lives(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && stateOf(pid)?.state !== 'Z'
}

/** The processes whose environment holds this text and that live. */
export function processesWith(setting: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && lives(pid) && environmentOf(pid).includes(setting))
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8')
  } catch {
    return ''
  }
}

function parentOf(pid: number): number | undefined {
  const found = stateOf(pid)
  return found?.state === 'Z' ? undefined : found?.parent
}

/** From /proc; `undefined` for a process that has just ended. */
function stateOf(pid: number): { state: string; parent: number } | undefined {
  try {
    const [state = '', parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return { state, parent: Number(parent) }
  } catch {
    return undefined
  }
}
