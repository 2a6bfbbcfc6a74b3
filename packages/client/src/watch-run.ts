import type { RunView } from '@flexaction/shared/views'
import { ApiError } from './api-error.js'
import type { FlexActionClient } from './client.js'
import { parseEvents } from './server-events.js'

/** How the stream is doing. `lost`: it broke, and is tried again at `retryAt` (epoch ms). */
export type Connection = { state: 'connecting' } | { state: 'live' } | { state: 'lost'; retryAt: number; why: string }

export interface RunWatcher {
  onRun(run: RunView): void
  onConnection?(connection: Connection): void
  /** The stream has ended and will not be tried again: the run has ended (no error), or it cannot be watched. */
  onEnd?(error?: ApiError): void
}

/** Without a sign of life for this long, the connection counts as dead. The gateway sends one every 15 s. */
const DEAD_AFTER_MS = 40_000
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000

/**
 * Follows a run until it ends. A broken connection is made again, with a growing pause, and goes on where it was. Returns
 * what stops it.
 */
export function watchRun(client: FlexActionClient, runId: string, watcher: RunWatcher): () => void {
  const stopped = new AbortController()
  void follow(client, runId, watcher, stopped.signal)
  return () => stopped.abort()
}

async function follow(
  client: FlexActionClient,
  runId: string,
  watcher: RunWatcher,
  stopped: AbortSignal,
): Promise<void> {
  let lastId = ''
  let failures = 0
  while (!stopped.aborted) {
    const dead = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const alive = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => dead.abort(new Error('no sign of life')), DEAD_AFTER_MS)
    }
    alive()
    try {
      if (failures === 0) watcher.onConnection?.({ state: 'connecting' })
      const signal = AbortSignal.any([stopped, dead.signal])
      const stream = await client.openRunEvents(runId, lastId, signal)
      failures = 0
      watcher.onConnection?.({ state: 'live' })
      for await (const { event, data, id } of parseEvents(stream, alive)) {
        if (stopped.aborted) return
        lastId = id
        watcher.onRun(JSON.parse(data) as RunView)
        if (event === 'end') return watcher.onEnd?.()
      }
      throw new Error('the gateway closed the connection')
    } catch (error) {
      if (stopped.aborted) return
      if (error instanceof ApiError && error.status >= 400 && error.status < 500) return watcher.onEnd?.(error)
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures++)
      const why = error instanceof Error ? error.message : String(error)
      watcher.onConnection?.({ state: 'lost', retryAt: Date.now() + pause, why })
      await wait(pause, stopped)
    } finally {
      clearTimeout(timer)
    }
  }
}

function wait(ms: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      stopped.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    stopped.addEventListener('abort', done)
  })
}
