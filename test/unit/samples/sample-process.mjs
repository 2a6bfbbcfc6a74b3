// A process of its own for the tests of races: it loads its modules, says that it is ready, and works when told to.
import { setTimeout } from 'node:timers/promises'
import { closeSampleDatabase, sampleDatabase } from '../../../samples/dist/lib/database.js'
import transfer from '../../../samples/dist/actions/account-transfer.js'

const jobs = {
  // A slow write to a file that is not in WAL mode.
  writeSlowly: async () => {
    sampleDatabase().pragma('journal_mode = DELETE')
    sampleDatabase().exec("BEGIN IMMEDIATE; UPDATE users SET name = 'written' WHERE id = 1")
    process.send('writing')
    await setTimeout(300)
    sampleDatabase().exec('COMMIT')
  },
  prepare: () => sampleDatabase().prepare('SELECT count(*) AS users FROM users').get().users,
  transfer: ({ keys, params }) =>
    keys.map((idempotencyKey) =>
      transfer.options.run({ params, ctx: { idempotencyKey, run: { createdAt: new Date() } } }),
    ),
}

async function work({ job, input }) {
  const output = (await jobs[job](input)) ?? null
  closeSampleDatabase()
  process.send(output, () => process.disconnect())
}

process.once('message', (message) => void work(message))
process.send('ready')
