import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedRedis } from './embedded-redis.mjs'
import { Progress } from './progress.mjs'
import { inRepository, root } from './repository.mjs'
import { runCommand } from './run-command.mjs'
import { StartProblem, describeProblem } from './start-problem.mjs'
import { onStopSignal } from './stop-signal.mjs'
import { prepareToolchain } from './toolchain.mjs'

/** What a shell reports for a program that Ctrl-C ended. */
const INTERRUPTED = 130

/**
 * Runs the tests, on the Redis that TEST_REDIS_URL names or on one that lives as long as they do, and returns the exit
 * code: Vitest's own, 1 when it did not come to that, 130 after Ctrl-C.
 *
 * @param {string[]} vitestArguments
 */
export async function runTests(vitestArguments) {
  const progress = new Progress()
  const stopping = new AbortController()
  onStopSignal((request) => stopping.abort(request))
  const { signal } = stopping
  try {
    await prepareToolchain({ progress, signal })
    await checkTypes({ progress, signal })
    return await withRedis({ progress, signal }, async (url) => {
      progress.done()
      const { code } = await runCommand(
        inRepository('node_modules', '.bin', 'vitest'),
        ['run', '--root', 'test', ...vitestArguments],
        { cwd: root, env: { ...process.env, TEST_REDIS_URL: url }, signal, passOutput: true },
      )
      return code
    })
  } catch (error) {
    progress.done()
    if (signal.aborted) return INTERRUPTED
    process.stderr.write(`${describeProblem(error)}\n`)
    return 1
  }
}

/** @typedef {{ progress: Progress, signal: AbortSignal }} Surroundings */

/** @param {Surroundings} surroundings */
async function checkTypes({ progress, signal }) {
  progress.step('Checking the types of the tests')
  const tsc = inRepository('node_modules', '.bin', 'tsc')
  const { code, output } = await runCommand(tsc, ['-p', 'test', '--noEmit'], { cwd: root, signal })
  if (code !== 0) throw new StartProblem(`The tests do not compile:\n${output.trim()}`)
}

/**
 * @template Result
 * @param {Surroundings} surroundings
 * @param {(url: string) => Promise<Result>} use
 */
async function withRedis({ progress, signal }, use) {
  const given = process.env['TEST_REDIS_URL']
  if (given) return use(given)
  const dataDir = await mkdtemp(join(tmpdir(), 'flexaction-test-'))
  try {
    progress.step('Starting Redis')
    const redis = await startEmbeddedRedis({ dataDir, signal, onProgress: (doing) => progress.step(doing) })
    try {
      return await use(redis.url)
    } finally {
      await redis.stop()
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}
