import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'

/** A clock tick of Linux's process accounting, in ms. */
const TICK_MS = 10
const LOOK_EVERY_MS = 10
const STARTS_WITHIN_MS = 30_000

export interface ProgramOptions {
  args: readonly string[]
  env: Readonly<Record<string, string>>
  /** Its output goes to this file, as it would under a supervisor. */
  logFile: string
  command?: string
}

/** A process under measurement. */
export class Program {
  readonly #child: ChildProcess
  readonly #gone: Promise<unknown>

  constructor(private readonly options: ProgramOptions) {
    const log = openSync(options.logFile, 'a')
    this.#child = spawn(options.command ?? process.execPath, options.args, {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    this.#gone = once(this.#child, 'exit')
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** What it has written. */
  get output(): string {
    return readFileSync(this.options.logFile, 'utf8')
  }

  /** Resolves with the first match in its output. Throws with the output when it ended before, or takes too long. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = Date.now() + STARTS_WITHIN_MS
    for (;;) {
      const match = pattern.exec(this.output)
      if (match) return match
      if (this.#child.exitCode !== null || Date.now() > deadline)
        throw new Error(`${this.options.args.join(' ')} did not say ${pattern}:\n${this.output}`)
      await pause(LOOK_EVERY_MS)
    }
  }

  /** CPU time that it has used, all threads, in ms (to 10 ms). */
  get cpuMs(): number {
    return cpuMs(this.pid)
  }

  /** Memory in use, in MB: now, and at most since {@link forgetPeak}. */
  get memory(): { now: number; peak: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8')
    const megabytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1_024
    return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') }
  }

  forgetPeak(): void {
    writeFileSync(`/proc/${this.pid}/clear_refs`, '5')
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM')
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    await this.#gone
    clearTimeout(force)
  }
}

/** CPU time of a process, in ms (to 10 ms). */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}
