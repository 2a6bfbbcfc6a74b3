import { ConfigProblems } from '@flexaction/shared/config'
import { runUntilSignal } from '@flexaction/shared/lifecycle'
import { createLogger } from '@flexaction/shared/logging'
import { readConfig } from './config.js'
import { DefinitionProblems } from './loading/load-definitions.js'
import { Isolation } from './isolating/isolated-process.js'
import { createWorker, loadConfigured } from './worker.js'

try {
  const config = readConfig(process.env)
  const logger = createLogger('worker', config.LOG_LEVEL)
  const definitions = await loadConfigured(config)
  const worker = createWorker(config, definitions, logger, new Isolation(logger))
  await runUntilSignal(worker, { logger, deadlineMs: config.SHUTDOWN_DEADLINE })
  logger.info('ready')
} catch (error) {
  if (!(error instanceof ConfigProblems || error instanceof DefinitionProblems)) throw error
  console.error(error.message)
  process.exit(1)
}
