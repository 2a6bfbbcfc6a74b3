import { writeSync } from 'node:fs'
import { Session } from 'node:inspector'
import { workerData } from 'node:worker_threads'
import { HEAD_BYTES, type ThreadData } from './watchdog.js'

// The thread of the watchdog. It shares nothing with the event loop that it watches but a counter.

const LOOK_EVERY_MS = 200
/** So long may the process that stands still take to say what it is doing, in ms. */
const SAYS_WITHIN_MS = 1_000

const { ticks, stillForMs, parent } = workerData as ThreadData
const counter = new Int32Array(ticks, 0, 2)
let seen = -1
let since = performance.now()
let lastLook = performance.now()
let ending = false

const looking = setInterval(() => {
  if (parent !== undefined && process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
  const now = performance.now()
  // The whole process was stopped meanwhile, and stood still for no fault of its own.
  const stopped = now - lastLook > 5 * LOOK_EVERY_MS
  lastLook = now
  const ticked = Atomics.load(counter, 0)
  if (ticked !== seen || stopped) {
    seen = ticked
    since = now
  } else if (stillForMs !== undefined && now - since > stillForMs && !ending) {
    ending = true
    clearInterval(looking)
    setTimeout(() => end(lastKnown()), SAYS_WITHIN_MS)
    whatIsInHand(end)
  }
}, LOOK_EVERY_MS)

/** What was in hand when the event loop turned last. */
function lastKnown(): string {
  const text = new Uint8Array(ticks, HEAD_BYTES).slice(0, counter[1])
  return `a moment before: ${new TextDecoder().decode(text) || 'nothing'}`
}

function end(inHand: string): void {
  const msg =
    `the event loop has stood still for ${stillForMs} ms: a handler computes without a pause, and the batches in hand may be ` +
    'taken over by other workers; ending the process'
  const line = { level: 'fatal', time: new Date().toISOString(), app: 'worker', pid: process.pid, inHand, msg }
  writeSync(1, `${JSON.stringify(line)}\n`)
  process.kill(process.pid, 'SIGKILL')
}

/** Asks the process that stands still, by interrupting it as a debugger does. */
function whatIsInHand(then: (inHand: string) => void): void {
  try {
    const session = new Session()
    session.connectToMainThread()
    session.on('Debugger.paused', ({ params }) => {
      const places = params.callFrames.slice(0, 5).map(({ functionName, url, location }) => {
        return `${functionName || '(anonymous)'} ${url.slice(-120)}:${location.lineNumber + 1}`
      })
      // Not in the frame that was interrupted, where a handler's own names may hide the global ones.
      const expression = "globalThis[Symbol.for('flexaction.inHand')]?.()"
      session.post('Runtime.evaluate', { expression, returnByValue: true }, (error, reply) => {
        const { value } = error ? {} : (reply as { result: { value?: unknown } }).result
        then(`${typeof value === 'string' ? value : lastKnown()} at ${places.join(' < ')}`)
      })
    })
    session.post('Debugger.enable')
    session.post('Debugger.pause')
  } catch {
    // The time for it passes.
  }
}
