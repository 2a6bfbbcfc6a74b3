import { setTimeout } from 'node:timers/promises'
import { ActionError, defineAction, field, records, result } from 'flexaction'
import { sampleDatabase } from '../lib/database.js'
import { findUser } from '../lib/users.js'

const CHAPTERS = {
  user: 'SELECT * FROM users WHERE id = ?',
  mails: 'SELECT * FROM mails WHERE user_id = ? ORDER BY sent_at',
  accounts: 'SELECT * FROM accounts WHERE owner = ? ORDER BY id',
  sent: 'SELECT * FROM transfers WHERE account_from IN (SELECT id FROM accounts WHERE owner = ?) ORDER BY id',
  received: 'SELECT * FROM transfers WHERE account_to IN (SELECT id FROM accounts WHERE owner = ?) ORDER BY id',
}

/** Slow on purpose: something to watch, and to cancel. The pause stands for the archive that takes its time. */
export default defineAction({
  name: 'export_history',
  target: records('users'),
  params: { seconds_per_chapter: field.integer({ default: 1, min: 0, max: 60 }) },
  respond: 'queued',

  async run({ id, params, ctx }) {
    const user = findUser(id)
    if (!user) throw new ActionError('No such user')

    const chapters = Object.entries(CHAPTERS)
    const history: Record<string, unknown[]> = {}
    for (const [index, [chapter, query]] of chapters.entries()) {
      history[chapter] = sampleDatabase().prepare(query).all(user.id)
      await setTimeout(params.seconds_per_chapter * 1_000, undefined, { signal: ctx.signal })
      ctx.log(`${chapter}: ${history[chapter].length}`)
      ctx.progress(((index + 1) / chapters.length) * 100)
    }

    const content = JSON.stringify(history, null, 2)
    return result.file({ name: `user-${user.id}.json`, type: 'application/json', content })
  },
})
