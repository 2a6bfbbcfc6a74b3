import type { FileStore } from '@flexaction/shared/files'
import type { Logger } from '@flexaction/shared/logging'
import type { Keyring } from '@flexaction/shared/secrets'
import type { RedisClock } from '@flexaction/shared/redis'
import type { StartedBatch } from '@flexaction/shared/runs'
import type { WorkerMetrics } from '../metrics/worker-metrics.js'
import type { RunnableAction } from './runnable-action.js'
import type { SettlerOptions } from './settler.js'

/** How a batch ends in this worker's hands. */
export type BatchEnd =
  /** It has ended, or is nothing to this worker any more; `failed`: the dashboard shows its job among the failed ones. */
  | { kind: 'done'; summary: string; failed: boolean }
  /** It is to run again at `at` (Redis's time). */
  | { kind: 'delay'; at: number }
  /** It goes back to the queue for any worker, without spending an attempt. */
  | { kind: 'release' }

export interface RunningBatchOptions extends Pick<
  SettlerOptions,
  'store' | 'queues' | 'backlog' | 'history' | 'outages' | 'window'
> {
  action: RunnableAction
  started: StartedBatch
  /** Bulk ids are called one by one, because one of them may end its process. */
  alone: boolean
  files: Pick<FileStore, 'store'>
  keyring: Keyring
  clock: Pick<RedisClock, 'now'>
  metrics: Pick<WorkerMetrics, 'runStarted' | 'itemsSettled'>
  logger: Logger
  /** When its job was queued, in Redis's time. */
  queuedAt: number
  /** Adds lines to the job's log in the dashboard. */
  log(lines: readonly string[]): Promise<void>
  /** Sets the job's progress in the dashboard, 0 to 100. */
  progress(percent: number): void
  /** Calls that were waiting for their turn will not be made. */
  onDropped(calls: number): void
  /** Another worker has the batch, or it has ended without this one's knowledge. */
  onLost(): void
}
