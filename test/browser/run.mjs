// `pnpm test:browser`: the console in a real browser, against a real gateway, workers and Redis.
//
//   node test/browser/run.mjs [names of tests]     --screenshots: also renews docs/images
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedRedis } from '../../deploy/local/embedded-redis.mjs'
import { Progress } from '../../deploy/local/progress.mjs'
import { inRepository, root } from '../../deploy/local/repository.mjs'
import { runCommand } from '../../deploy/local/run-command.mjs'
import { prepareToolchain } from '../../deploy/local/toolchain.mjs'
import { requireChromium } from './harness/chromium.mjs'

const names = process.argv.slice(2).filter((argument) => argument !== '--screenshots')
const progress = new Progress()
/** @type {import('../../deploy/local/embedded-redis.mjs').EmbeddedRedis | undefined} */
let redis
const dataDir = await mkdtemp(join(tmpdir(), 'flexaction-browser-'))
try {
  const chromium = requireChromium()
  await prepareToolchain({ progress })
  if (!process.env.TEST_REDIS_URL) {
    progress.step('Starting Redis')
    redis = await startEmbeddedRedis({ dataDir })
  }
  progress.done()
  const { code } = await runCommand(
    inRepository('node_modules', '.bin', 'vitest'),
    ['run', '--root', 'test/browser', ...names],
    {
      cwd: root,
      env: {
        ...process.env,
        ...(redis && { TEST_REDIS_URL: redis.url }),
        CHROMIUM: chromium,
        ...(process.argv.includes('--screenshots') && { SCREENSHOTS: inRepository('docs', 'images') }),
      },
      passOutput: true,
    },
  )
  process.exitCode = code ?? 1
} catch (error) {
  progress.done()
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
} finally {
  await redis?.stop()
  await rm(dataDir, { recursive: true, force: true })
}
