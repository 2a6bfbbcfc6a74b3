/** Why something ends: a person wished it. */
export class StopRequest extends Error {
  /** @override */
  name = 'StopRequest'
}

/** @type {NodeJS.Signals[]} */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
/**
 * A second request counts only after this time, in ms: one Ctrl-C arrives twice under npm, from the terminal and from npm,
 * which passes it on.
 */
const SAME_REQUEST = 700
/** Between two looks whether npm still runs, in ms. */
const PARENT_POLL = 500

/**
 * Calls `onStop` at the first Ctrl-C, SIGTERM or SIGHUP, and `onStopAtOnce` at the next. Under npm, also when npm is gone:
 * npm passes SIGTERM on to the shell between it and us, which dies of it without telling us.
 *
 * @param {(request: StopRequest) => void} onStop
 * @param {() => void} [onStopAtOnce]
 */
export function onStopSignal(onStop, onStopAtOnce) {
  /** @type {number | undefined} */
  let first
  const stop = () => {
    if (first === undefined) {
      first = Date.now()
      onStop(new StopRequest('asked to stop'))
    } else if (Date.now() - first > SAME_REQUEST) {
      onStopAtOnce?.()
    }
  }
  for (const name of STOP_SIGNALS) process.on(name, stop)
  if (process.env['npm_lifecycle_event'] !== undefined) whenParentIsGone(stop)
  // When the terminal is gone, writing to it fails; stopping must go on all the same.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}

/** @param {() => void} onGone */
function whenParentIsGone(onGone) {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onGone()
  }, PARENT_POLL)
  timer.unref()
}
