import { setTimeout as delay } from 'node:timers/promises'
import { StartProblem } from './start-problem.mjs'

const POLL = 100
const DEADLINE = 60_000

/**
 * Returns when the gateway says that it is ready, that is when it reaches Redis and workers have published their actions.
 * Throws a StartProblem with its last answer after a minute.
 *
 * @param {string} url of `/readyz`
 * @param {AbortSignal} signal
 */
export async function untilReady(url, signal) {
  const giveUp = Date.now() + DEADLINE
  let answer = 'it does not answer'
  while (Date.now() < giveUp) {
    try {
      const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]) })
      if (response.ok) return
      answer = `${response.status} ${(await response.text()).slice(0, 500)}`
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof Error && error.name === 'TimeoutError') answer = 'it does not answer in 2 s'
    }
    await delay(POLL, undefined, { signal })
  }
  throw new StartProblem(
    `Not ready after ${DEADLINE / 1000} s. The last answer of ${url}: ${answer}.`,
    'The lines above say what the gateway and the workers wait for.',
  )
}
