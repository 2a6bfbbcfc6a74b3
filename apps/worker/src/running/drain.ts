import type { Logger } from '@flexaction/shared/logging'
import type { ActionRunner } from './action-runner.js'

/** After the deadline handlers have this long to react to their signal, in ms. */
const GRACE_MS = 1_000

/** Waits until all batches in hand have ended; at the deadline what goes on is aborted and given back. */
export async function drain(runners: readonly ActionRunner[], deadlineMs: number, logger: Logger): Promise<void> {
  const drained = Promise.all(runners.map((runner) => runner.drained()))
  let deadline: NodeJS.Timeout | undefined
  const tooLate = new Promise<'late'>((resolve) => {
    deadline = setTimeout(() => resolve('late'), deadlineMs)
  })
  const outcome = await Promise.race([drained, tooLate])
  clearTimeout(deadline)
  if (outcome === 'late') {
    logger.warn({ deadlineMs }, 'the deadline has passed: work in hand is aborted and given back')
    await Promise.all(runners.map((runner) => runner.abort(GRACE_MS)))
  }
  for (const runner of runners) runner.stop()
}
