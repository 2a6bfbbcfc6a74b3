import { setFlagsFromString } from 'node:v8'
import { ConfigProblems, forgetSecrets } from '@flexaction/shared/config'
import { runUntilSignal } from '@flexaction/shared/lifecycle'
import { createLogger } from '@flexaction/shared/logging'
import { checkRedis } from '@flexaction/shared/redis'
import { readConfig } from './config.js'
import { DefinitionProblems } from './loading/load-definitions.js'
import { Isolation } from './isolating/isolated-process.js'
import { Watchdog } from './watchdog/watchdog.js'
import { createWorker, loadConfigured } from './worker.js'

// Garbage is collected when the heap has grown by half. V8 by itself lets a small heap grow fourfold first: 1,000,000 records cost a
// worker 60 MB then, instead of 30 MB, and took as long.
setFlagsFromString('--heap-growing-percent=50')

try {
  const config = readConfig(process.env)
  forgetSecrets(process.env)
  const logger = createLogger('worker', config.LOG_LEVEL)
  const definitions = await loadConfigured(config)
  await checkRedis(config.REDIS_URL, logger)
  const worker = createWorker(config, definitions, logger, {
    isolation: new Isolation(logger),
    watchdog: (inHand) => new Watchdog(config.STALL_AFTER, inHand),
  })
  await runUntilSignal(worker, { logger, deadlineMs: config.SHUTDOWN_DEADLINE })
  logger.info('ready')
} catch (error) {
  if (!(error instanceof ConfigProblems || error instanceof DefinitionProblems)) throw error
  console.error(error.message)
  process.exit(1)
}
