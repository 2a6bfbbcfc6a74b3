import { connect } from '@flexaction/shared/redis'
import fc from 'fast-check'
import { afterAll, it } from 'vitest'
import { freshPrefix, redisUrl, removeKeys } from '../harness/redis.js'
import { Real, type World } from './real.js'
import { accept } from './accepting.js'
import { steps } from './steps.js'

/** More: `MODEL_RUNS=10000`; the same again: `MODEL_SEED`, as a failure prints it. */
const RUNS = Number(process.env.MODEL_RUNS ?? 300)
const SEED = Number(process.env.MODEL_SEED ?? Date.now() % 2 ** 31)
/** Most steps of a run; about half of them are not possible where they stand, and are left out. */
const STEPS = 80

const redis = connect(redisUrl(), { name: 'model', whenAway: 'wait' })
afterAll(() => redis.disconnect())

it(
  'keeps a run as the reference does, whatever happens in whatever order',
  { timeout: 120_000 + RUNS * 1_000 },
  async () => {
    const prefix = freshPrefix()
    let tries = 0
    const property = fc.asyncProperty(
      accept,
      fc.noBias(fc.commands(steps, { maxCommands: STEPS, size: 'max' })),
      async (first, commands) => {
        const real = new Real(redis, `${prefix}:${++tries}`)
        const model: World = { run: undefined, hands: [], listings: [] }
        try {
          await first.run(model, real)
          await fc.asyncModelRun(() => ({ model, real }), commands)
          await real.compareLists(model.run)
        } finally {
          await real.index.stop()
          await removeKeys(redis, real.keys.prefix)
        }
      },
    )
    await fc.assert(property, { numRuns: RUNS, seed: SEED })
    await removeKeys(redis, prefix)
  },
)
