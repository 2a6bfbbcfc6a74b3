import type { RetryPolicy } from '@flexaction/shared'
import { parseDuration } from '@flexaction/shared/config'

const DEFAULT_DELAY_MS = 1_000
const DEFAULT_MAX_MS = 3_600_000

/** Milliseconds from the end of `attempt` (1, 2, …) to the next one. `undefined`: there is no next one. */
export function pauseAfter(attempt: number, retry: RetryPolicy | undefined): number | undefined {
  if (!retry || attempt >= retry.attempts) return undefined
  const { type = 'exponential', delay, max } = retry.backoff ?? {}
  const first = parseDuration(delay ?? '') ?? DEFAULT_DELAY_MS
  if (type === 'fixed') return first
  return Math.min(first * 2 ** (attempt - 1), parseDuration(max ?? '') ?? DEFAULT_MAX_MS)
}
