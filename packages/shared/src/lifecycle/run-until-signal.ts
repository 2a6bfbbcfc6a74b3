import type { Logger } from 'pino'
import type { LongLived } from './lifecycle.js'

/** Added to the deadline before the process ends itself: closing connections takes a moment of its own. */
const GRACE_MS = 2_000

export interface SignalOptions {
  logger: Logger
  /** Longest time that a stop may take, in ms; then the process ends with code 1. */
  deadlineMs: number
}

/**
 * Starts `service`, and stops it at SIGTERM, SIGINT or SIGHUP. A second signal ends the process at once. Exit codes:
 * 0 after a clean stop, 1 when the start failed or the stop took longer than the deadline.
 */
export async function runUntilSignal(service: LongLived, { logger, deadlineMs }: SignalOptions): Promise<void> {
  let stopping = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) {
      logger.warn({ signal }, 'second signal: ending at once')
      process.exit(1)
    }
    stopping = true
    logger.info({ signal, deadlineMs }, 'stopping')
    setTimeout(() => {
      logger.error('the stop took longer than the deadline: ending anyway')
      process.exit(1)
    }, deadlineMs + GRACE_MS).unref()
    service.stop().then(
      () => {
        logger.info('stopped')
        process.exit(0)
      },
      (error: unknown) => {
        logger.error({ err: error }, 'the stop failed')
        process.exit(1)
      },
    )
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal)
  try {
    await service.start()
  } catch (error) {
    logger.fatal({ err: error }, error instanceof Error ? error.message : 'the start failed')
    process.exitCode = 1
    await service.stop()
    process.exit(1)
  }
}
