import { fileURLToPath } from 'node:url'
import { Worker as Thread } from 'node:worker_threads'
import type { LongLived } from '@flexaction/shared/lifecycle'

const THREAD = fileURLToPath(new URL('watchdog-thread.js', import.meta.url))
/** How often the event loop shows that it turns, in ms. */
const TICK_EVERY_MS = 250
/** Of the shared memory before the text. */
export const HEAD_BYTES = 8
const MOST_TEXT_BYTES = 4_096

/** What the thread is started with. */
export interface ThreadData {
  /** [0]: grows with each turn of the event loop that is looked at; [1]: length of the text behind. */
  ticks: SharedArrayBuffer
  /** An event loop that stands still for longer ends its process, in ms; `undefined`: the process ends with its parent alone. */
  stillForMs: number | undefined
  /** The process that this one must not outlive. */
  parent: number | undefined
}

/** Where the thread finds what is in hand, in the process that stands still. */
export const IN_HAND = Symbol.for('flexaction.inHand')

/**
 * A thread that ends this process when a handler computes for so long that others may have taken its batches: nothing that runs in
 * the event loop (timeouts, signals, leases) could do so. It says what was in hand.
 */
export class Watchdog implements LongLived {
  readonly #ticks = new SharedArrayBuffer(HEAD_BYTES + MOST_TEXT_BYTES)
  #thread: Thread | undefined
  #ticking: NodeJS.Timeout | undefined

  /** `inHand`: a short text about what is being done, for the log. */
  constructor(
    private readonly stillForMs: number,
    private readonly inHand: () => string,
  ) {}

  async start(): Promise<void> {
    const counter = new Int32Array(this.#ticks, 0, 2)
    const text = new Uint8Array(this.#ticks, HEAD_BYTES)
    const encoder = new TextEncoder()
    this.#ticking = setInterval(() => {
      // In case that it can no longer be asked: a process that waits inside of the system cannot be interrupted.
      counter[1] = encoder.encodeInto(this.inHand(), text).written
      Atomics.add(counter, 0, 1)
    }, TICK_EVERY_MS)
    Object.defineProperty(globalThis, IN_HAND, { value: this.inHand, configurable: true })
    const data: ThreadData = { ticks: this.#ticks, stillForMs: this.stillForMs, parent: undefined }
    this.#thread = startThread(data)
    await Promise.resolve()
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticking)
    await this.#thread?.terminate()
  }
}

/** Ends this process when its parent is gone, whatever it is doing. */
export function endWithParent(): void {
  startThread({ ticks: new SharedArrayBuffer(HEAD_BYTES), stillForMs: undefined, parent: process.ppid })
}

function startThread(workerData: ThreadData): Thread {
  // Options of the process, such as modules to load first, are not the thread's.
  const thread = new Thread(THREAD, { workerData, execArgv: [], env: {}, stdout: false, stderr: false })
  thread.unref()
  // The process goes on without it.
  thread.on('error', () => undefined)
  return thread
}
