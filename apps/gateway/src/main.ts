import { ConfigProblems } from '@flexaction/shared/config'
import { runUntilSignal } from '@flexaction/shared/lifecycle'
import { createLogger } from '@flexaction/shared/logging'
import { checkRedis } from '@flexaction/shared/redis'
import { readConfig } from './config.js'
import { createGateway } from './gateway.js'

try {
  const config = readConfig(process.env)
  const logger = createLogger('gateway', config.LOG_LEVEL)
  await checkRedis(config.REDIS_URL, logger)
  const gateway = await createGateway(config, logger)
  await runUntilSignal(gateway, { logger, deadlineMs: config.SHUTDOWN_DELAY + config.SHUTDOWN_DEADLINE })
  logger.info({ port: gateway.port }, 'listening')
} catch (error) {
  if (!(error instanceof ConfigProblems)) throw error
  console.error(error.message)
  process.exit(1)
}
